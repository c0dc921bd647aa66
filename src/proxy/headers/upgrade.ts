// Upgrade (RFC 9110 7.8): the one protocol that a request may change to here is WebSocket (RFC 6455 4.1).

import { connectionOptions } from "./connection.ts";
import { type Fields, listOf } from "./fields.ts";

/**
 * Whether the request opens a WebSocket: GET, HTTP/1.1, `Connection: Upgrade`, `Upgrade: websocket` and nothing else. A body
 * is for `framingOf` to find: after an upgrade the parser stops, so a body would be read as the new protocol.
 */
export function opensWebSocket(method: string, httpVersion: string, fields: Fields): boolean {
  if (method !== "GET" || httpVersion !== "1.1") return false;
  const protocols = listOf(fields, "upgrade");
  return (
    protocols.length === 1 &&
    protocols[0]!.toLowerCase() === "websocket" &&
    connectionOptions(fields).has("upgrade")
  );
}
