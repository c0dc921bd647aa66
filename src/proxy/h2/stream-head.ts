// The head of an HTTP/2 request, in the terms of HTTP/1.1 (RFC 9113 8.3.1), so that one set of rules judges and forwards
// both. What cannot be said there without interpretation is malformed.

import type { Fields } from "../headers/fields.ts";
import type { RequestHead } from "../request-check.ts";

/** They speak of a connection, and HTTP/2 has other means for that (RFC 9113 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

export interface StreamHead extends RequestHead {
  /** Host first, then the fields in their order; cookies are one line (RFC 9113 8.2.3). */
  readonly rawHeaders: string[];
  /** It contradicts itself, or has something that no request may have. The other members are for the log then. */
  readonly malformed: boolean;
}

/** `raw`: [name, value, ...] as node:http2 hands them over, pseudo-header fields included. */
export function streamHead(raw: Fields): StreamHead {
  const pseudo = new Map<string, string>();
  const rawHeaders: string[] = [];
  const cookies: string[] = [];
  let cookieAt = -1;
  let host: string | undefined;
  let malformed = false;

  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.startsWith(":")) {
      malformed ||= pseudo.has(name);
      pseudo.set(name, value);
    } else if (name === "host") {
      malformed ||= host !== undefined && host !== value;
      host = value;
    } else if (name === "cookie") {
      if (cookieAt === -1) cookieAt = rawHeaders.push(name, "") - 1;
      cookies.push(value);
    } else {
      malformed ||= CONNECTION_SPECIFIC.has(name) || (name === "te" && value.toLowerCase() !== "trailers");
      rawHeaders.push(name, value);
    }
  }
  if (cookieAt !== -1) rawHeaders[cookieAt] = cookies.join("; ");

  const { method = "", target, authority, scheme } = readPseudo(pseudo);
  // A Host beside :authority must name the same (RFC 9113 8.3.1): who asks for two places at once means mischief.
  malformed ||=
    host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase();
  malformed ||= method !== "CONNECT" && scheme !== "http" && scheme !== "https";
  // Of an absolute target nothing would be left to compare with; CONNECT is refused for what it is.
  malformed ||= method !== "CONNECT" && target !== "*" && !target.startsWith("/");
  const named = authority ?? host;
  if (named !== undefined) rawHeaders.unshift("Host", named);
  return { method, target, httpVersion: "1.1", rawHeaders, malformed };
}

function readPseudo(pseudo: ReadonlyMap<string, string>) {
  const authority = pseudo.get(":authority");
  return {
    method: pseudo.get(":method"),
    target: pseudo.get(":path") ?? authority ?? "",
    authority,
    scheme: pseudo.get(":scheme")?.toLowerCase(),
  };
}
