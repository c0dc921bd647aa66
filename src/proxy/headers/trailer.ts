// Trailer (RFC 9110 6.6.2) announces trailer fields. It is no hop-by-hop field, but it is true only of a message that can
// carry trailers, which in HTTP/1.1 is a chunked one; node refuses to send it with any other.

import { type Fields, valuesOf } from "./fields.ts";

/** Whether the message that came is chunked, so that what it announces may still follow when it is passed on. */
export function announcesTrailers(fields: Fields): boolean {
  const codings = valuesOf(fields, "transfer-encoding");
  return codings.length === 1 && codings[0]!.trim().toLowerCase() === "chunked";
}
