// The head that tells a client that its WebSocket is open (RFC 6455 4.2.2), with the app's own fields.

import { responseFields } from "../headers/response.ts";

export function upgradeHead(reason: string, rawHeaders: readonly string[], via: boolean): string {
  let head = `HTTP/1.1 101 ${reason || "Switching Protocols"}\r\n`;
  const fields = responseFields(rawHeaders, { via, keepUpgrade: true, chunked: false });
  for (let i = 0; i + 1 < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${head}\r\n`;
}
