// What an error of node's parser, or of its clocks, says of the client.

import type { ErrorCode } from "../../errors.ts";
import { isTlsHello, SPEAKS_TLS } from "../tls-hello.ts";

interface ParserError extends NodeJS.ErrnoException {
  /** What was being parsed. */
  readonly rawPacket?: Buffer;
}

/** What the client is told; CLIENT_LEFT: it has closed its side in the middle. Undefined: nobody is there to be told. */
export function parserFault(error: NodeJS.ErrnoException): ErrorCode | "CLIENT_LEFT" | undefined {
  const { code = "" } = error;
  if (code === "HPE_INVALID_EOF_STATE") return "CLIENT_LEFT";
  if (code === "HPE_HEADER_OVERFLOW") return headFault(error);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "HEAD_TIMEOUT";
  return code.startsWith("HPE_") ? "MALFORMED_REQUEST" : undefined;
}

/** The same for the log. `bytesRead`: all that has come on the connection. */
export function parserCause({ code = "", rawPacket }: ParserError, bytesRead: number): string {
  const isOpening = rawPacket !== undefined && rawPacket.length === bytesRead;
  return isOpening && isTlsHello(rawPacket, 0, rawPacket.length) ? SPEAKS_TLS : code;
}

/** A head that is too large because of its target is told so, where this can be seen. */
function headFault(error: ParserError): ErrorCode {
  const line = error.rawPacket;
  return line && /^[A-Z]+ \//.test(line.toString("latin1", 0, 32)) && !line.includes("\r\n")
    ? "TARGET_TOO_LONG"
    : "HEAD_TOO_LARGE";
}
