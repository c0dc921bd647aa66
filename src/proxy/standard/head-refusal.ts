// A head that could not be read is a request all the same: accepted, and refused.

import { STATUS_CODES } from "node:http";
import type { ErrorCode } from "../../errors.ts";
import type { EngineParts } from "../engine.ts";
import { errorAnswer } from "../error-answer.ts";
import { plainAddress } from "../headers/forwarded.ts";
import { SPEAKS_TLS } from "../tls-hello.ts";
import { Visit } from "../visit.ts";
import type { ClientConnection } from "./client-connection.ts";

/** Answers with the code and closes the connection; node:http no longer writes to it. */
export function refuseHead(
  parts: EngineParts,
  connection: ClientConnection,
  code: ErrorCode,
  cause: string,
): void {
  const { socket } = connection;
  const requestId = parts.newRequestId();
  const client = plainAddress(socket.remoteAddress ?? "");
  const visit = new Visit(parts, { requestId, method: "", target: "", client });
  const { status, fields, body } = errorAnswer(code, requestId);
  if (cause === SPEAKS_TLS) parts.observer.oddity?.(cause, client);
  visit.code = code;
  visit.cause = cause;
  visit.status = status;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nDate: ${new Date().toUTCString()}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  socket.write(`${head}Connection: close\r\n\r\n${body.toString()}`, () => visit.end("refused"));
  // A client that is gone takes no answer, and the write may never call back.
  socket.once("close", () => visit.end("refused"));
  connection.linger();
}
