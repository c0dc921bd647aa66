// An order's head as an HTTP/2 request (RFC 9113 8.3.1), and the heads of answers as everyone else takes them.

import type { Destination } from "../admission.ts";
import type { Fields } from "../headers/fields.ts";
import type { Order } from "../standard/app-call.ts";

/** [name, value, ...], pseudo-header fields first. TE says "trailers" or nothing; Connection and its like have no place here. */
export function requestHeaders(order: Order, destination: Destination): string[] {
  const { method, target, fields, contentLength } = order;
  const out: string[] = [];
  let authority: string | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (name === "host") authority ??= value;
    else if (name !== "connection") out.push(name, value);
  }
  if (contentLength !== undefined) out.push("content-length", contentLength);
  return [
    ":method",
    method,
    ":scheme",
    "http",
    ":authority",
    // HTTP/1.0 may do without one.
    authority || hostAndPort(destination),
    ":path",
    target,
    ...out,
  ];
}

/** The fields of an answer's head without `:status`. */
export function answerFields(raw: Fields): string[] {
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!raw[i]!.startsWith(":")) out.push(raw[i]!, raw[i + 1]!);
  }
  return out;
}

function hostAndPort({ host, port }: Destination): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
