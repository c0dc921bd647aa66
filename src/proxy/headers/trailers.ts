// Trailer fields, in both directions (RFC 9110 6.5.1): a recipient may merge them into the header section, so nothing that
// frames, routes, authenticates or controls a message may come in this way.

import { type Fields, keep } from "./fields.ts";
import { claimsClient } from "./forwarded.ts";

const NEVER_IN_TRAILERS: ReadonlySet<string> = new Set([
  // Framing and the connection.
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Routing and request modifiers.
  "cache-control",
  "expect",
  "host",
  "max-forwards",
  "pragma",
  "range",
  "x-request-id",
  // Authentication and state.
  "authorization",
  "cookie",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "set-cookie",
  "www-authenticate",
  // Control data of an answer.
  "age",
  "date",
  "expires",
  "location",
  "retry-after",
  "vary",
  // How the content is to be read.
  "content-encoding",
  "content-range",
  "content-type",
]);

/** The trailer fields that are passed on, in their order and case. */
export function trailerFields(fields: Fields): string[] {
  return keep(fields, (name) => {
    const spelled = name.replaceAll("_", "-");
    return !(NEVER_IN_TRAILERS.has(spelled) || spelled.startsWith("if-") || claimsClient(spelled));
  });
}
