// What a client is told when sluice itself says no: a code and a request id, and nothing of what is inside.

import { type ErrorCode, statusOf } from "../errors.ts";

export interface ErrorAnswer {
  readonly status: number;
  readonly fields: string[];
  readonly body: Buffer;
}

/** Head and JSON body of the answer for that code; every 503 says when to come back (RFC 9110 10.2.3). */
export function errorAnswer(code: ErrorCode, requestId: string): ErrorAnswer {
  const status = statusOf(code);
  const body = Buffer.from(`${JSON.stringify({ error: code, requestId })}\n`);
  const fields = ["Content-Type", "application/json", "Content-Length", String(body.length)];
  fields.push("Cache-Control", "no-store", "Sluice-Error", code, "X-Request-Id", requestId);
  if (status === 503) fields.push("Retry-After", "1");
  return { status, fields, body };
}

/** Whether nothing more can be read from a connection whose request was refused with this code. */
export function endsConnection(code: ErrorCode): boolean {
  switch (code) {
    case "MALFORMED_REQUEST":
    case "HEAD_TIMEOUT":
    case "BODY_TIMEOUT":
    case "TARGET_TOO_LONG":
    case "HEAD_TOO_LARGE":
    case "METHOD_REFUSED":
    case "VERSION_REFUSED":
    case "TOO_MANY_CONNECTIONS":
    case "POD_STOPPING":
    case "CUT_AT_DEADLINE":
      return true;
    default:
      return false;
  }
}
