// Hop-by-hop fields (RFC 9110 7.6.1): they speak to the next hop only and are never passed on.

import { connectionOptions, isForEveryRecipient } from "./connection.ts";
import type { Fields } from "./fields.ts";

/**
 * Always removed, named by Connection or not. Among them:
 * - Content-Length and Transfer-Encoding: the framing is the engine's own (RFC 9112 6).
 * - Proxy-Authorization, Proxy-Authenticate, Proxy-Authentication-Info (RFC 9110 11.7): they are between a client and its
 *   forward proxy. sluice is a gateway; passing them on would hand the credentials of another server to the app.
 * - HTTP2-Settings (RFC 7540 3.2.1): part of an upgrade to h2c, which is not offered.
 * Upgrade, TE and Trailer have rules of their own in request.ts and response.ts.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Whether the message's field of that name (lower case) ends here, by itself or because Connection names it. */
export function hopByHopIn(fields: Fields): (name: string) => boolean {
  const options = connectionOptions(fields);
  return (name) => HOP_BY_HOP.has(name) || (options.has(name) && !isForEveryRecipient(name));
}
