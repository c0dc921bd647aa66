// node's parser stops behind a request that asks for an upgrade, and drops what came with it in one piece, although the upgrade was
// declined. Whether something came cannot be asked for; it is told by counting.

import type { IncomingMessage } from "node:http";
import type { Arrival } from "./arrival.ts";

/**
 * Whether node may have dropped what followed the request. Only what was sent as most clients write it, and nothing more, is
 * beyond doubt.
 */
export function mayHaveDropped({ connection, request }: Arrival): boolean {
  const { headers, complete } = request;
  if (headers.upgrade === undefined) return false;
  if (!complete || headers["transfer-encoding"] !== undefined) return true;
  return connection.newBytes !== plainHeadBytes(request) + Number(headers["content-length"] ?? 0);
}

function plainHeadBytes({ method = "", url = "", rawHeaders }: IncomingMessage): number {
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length;
  for (const text of rawHeaders) bytes += text.length + 2;
  return bytes;
}
