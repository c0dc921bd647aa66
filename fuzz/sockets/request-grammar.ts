// Requests of a client.

import fc from "fast-check";
import { framed, often } from "./grammar.ts";

const target = often(
  ["/", "/a?b=c", "/%2e/", "//x/y"],
  ["*", "http://x/abs", "http://x", "http://y/", "/#f", "/a b", "x:80", "", "/\xff", `/${"a".repeat(300)}`],
);
const version = often(
  ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"],
  ["HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/0.9"],
  30,
);
const field = often(
  [
    ...[
      "Accept: */*",
      "X-A: b",
      "x-lower: c",
      "Cookie: a=b",
      "X-Empty:",
      "X-Latin: \xe9\xff",
      "X-Tab: a\tb",
      "X-Space:   y  ",
    ],
    ...[
      "Connection: keep-alive",
      "Connection: X-A",
      "Connection: Cookie, Host",
      "Keep-Alive: timeout=5",
      "Proxy-Authorization: p",
    ],
    ...[
      "X-Forwarded-For: 6.6.6.6",
      "x_forwarded_for: 6.6.6.6",
      "Forwarded: for=6.6.6.6",
      "X-Forwarded-Proto: https",
    ],
    ...[
      "X-Request-Id: abc",
      "TE: trailers",
      "TE: gzip",
      "Trailer: X-T",
      "Upgrade: h2c",
      "HTTP2-Settings: AAA",
      "Idempotency-Key: k",
    ],
    ...["Expect: 100-continue", "Connection: close", "Via: 1.1 z", "Content_Length: 3", "Date: now"],
  ],
  [
    ...[
      "X : y",
      " X: y",
      ": y",
      "X",
      "X: y\0",
      "X: \x01",
      "X\xe9: y",
      "X: y\r\n z",
      "X: y\nZ: z",
      "X: y\rZ: z",
    ],
    ...[
      "Host: y",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
      "Content-Length: 1, 2",
      "Expect: other",
      "Connection: upgrade",
    ],
    `X: ${"y".repeat(3000)}`,
    "A: b\r\n".repeat(70).trimEnd(),
  ],
  40,
);
const host = often(
  ["Host: x", "host: x:80", "HOST:x"],
  ["", "Host: a/b", "Host:", "Host: x\r\nHost: x", "Host : x"],
  40,
);

export const request = fc
  .record({
    method: often(
      ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"],
      ["BREW", "get", "G(T", "CONNECT", "TRACE", ""],
      30,
    ),
    target,
    version,
    host,
    fields: fc.array(field, { maxLength: 3 }),
    framed,
  })
  .map(({ method, target: at, version: spoken, host: named, fields, framed: [lines, body] }) => {
    const all = [named, ...fields].filter((line) => line !== "").map((line) => `${line}\r\n`);
    return { method, text: `${method} ${at} ${spoken}\r\n${all.join("")}${lines}\r\n${body}` };
  });
