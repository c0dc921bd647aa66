// Answers of an app that two readers take in two ways: [advisory or section, what, bytes]. Behind each stands a second answer,
// which nobody may get.

import { counted } from "../../src/proxy/engine-suite/raw-app.ts";

const EVIL = counted("evil", "200 OK", "Set-Cookie: evil=1");
const head = (lines: string) => `HTTP/1.1 200 OK\r\n${lines}\r\n${EVIL}`;
const length = (value: string) => head(`Content-Length: ${value}\r\n`);
const coding = (value: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${value}\r\n\r\n0\r\n\r\n${EVIL}`;
const chunks = (body: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}${EVIL}`;
const status = (line: string) => `${line}\r\nContent-Length: 0\r\n\r\n${EVIL}`;

/** Refused before anything of them is passed on. */
export const BROKEN_HEADS: readonly (readonly [reference: string, what: string, bytes: string])[] = [
  ["RFC 9112 11.1", "a bare LF in a value", head("X: y\nSet-Cookie: evil=1\r\nContent-Length: 0\r\n")],
  ["RFC 9112 11.1", "a bare CR in a value", head("X: y\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n")],
  ["RFC 9112 5.2", "a folded field", head("X: y\r\n Set-Cookie: evil=1\r\nContent-Length: 0\r\n")],
  ["RFC 9110 5.5", "a NUL in a value", head("X: y\0z\r\nContent-Length: 0\r\n")],
  ["RFC 9110 5.5", "a control character in a value", head("X: \x01\r\nContent-Length: 0\r\n")],
  ["RFC 9112 5.1", "a space before the colon", head("X : y\r\nContent-Length: 0\r\n")],
  ["RFC 9110 5.1", "a name that is no token", head("X(: y\r\nContent-Length: 0\r\n")],
  ["CVE-2023-25725", "an empty name", head(": y\r\nContent-Length: 0\r\n")],
  ["CVE-2019-20444", "a line without a colon", head("X\r\nContent-Length: 0\r\n")],
  [
    "CVE-2023-25690",
    "CR LF LF for the end of the head",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\nX: y\r\n\r\n",
  ],
  [
    "CVE-2025-23167",
    "CR LF CR for the end of the head",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rX: y\r\n\r\n",
  ],
  ["RFC 9112 4", "a bare LF behind the status line", `HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n${EVIL}`],
  ["RFC 9112 4", "a bare CR in the reason", status("HTTP/1.1 200 O\rK")],
  ["RFC 9112 4", "a NUL in the reason", status("HTTP/1.1 200 O\0K")],
  ["RFC 9112 4", "a status of two digits", status("HTTP/1.1 20 OK")],
  ["RFC 9112 4", "a status of four digits", status("HTTP/1.1 2000 OK")],
  ["RFC 9112 4", "a status with a sign", status("HTTP/1.1 +20 OK")],
  ["RFC 9112 4", "a status that is no number", status("HTTP/1.1 2xx OK")],
  ["RFC 9112 2.3", "HTTP/2.0", status("HTTP/2.0 200 OK")],
  ["RFC 9112 2.3", "HTTP/1.2", status("HTTP/1.2 200 OK")],
  ["RFC 9112 2.3", "HTTP/0.9", status("HTTP/0.9 200 OK")],
  ["RFC 9112 2.3", "http/1.1", status("http/1.1 200 OK")],
  ["RFC 9112 2.3", "ICY", status("ICY 200 OK")],
  ["RFC 9112 6.3, 3", "chunks and a length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")],
  ["RFC 9110 8.6", "two lengths that are equal", head("Content-Length: 0\r\nContent-Length: 0\r\n")],
  ["RFC 9110 8.6", "a list of lengths", length("0, 0")],
  ["RFC 9110 8.6", "a signed length", length("+0")],
  ["RFC 9110 8.6", "a negative length", length("-1")],
  ["RFC 9110 8.6", "a hexadecimal length", length("0x0")],
  ["CVE-2023-40225", "an empty length", length("")],
  ["CVE-2017-7658", "a length that is 0 in 64 bits", length("18446744073709551616")],
  ["CVE-2020-8287", "two codings", coding("chunked\r\nTransfer-Encoding: x")],
  ["RFC 9112 6.1", "chunked twice", coding("chunked, chunked")],
  ["CVE-2022-32213", "chunked and then identity", coding("chunked, identity")],
  ["RFC 9112 6.1", "an unknown coding", coding("gzip, chunked")],
  ["CVE-2019-15605", "a vertical tab before chunked", coding("\x0bchunked")],
  ["RFC 9112 6.1", "a coding that only looks like chunked", coding("xchunked")],
  ["RFC 9112 6.1", "an empty coding", coding("")],
  ["CVE-2017-7658", "an HTTP/1.0 answer in chunks", coding("chunked").replace("HTTP/1.1", "HTTP/1.0")],
];

/** The head is good; the body breaks off. */
export const BROKEN_BODIES: readonly (readonly [reference: string, what: string, bytes: string])[] = [
  ["CVE-2025-22871", "a chunk size that ends with a bare LF", chunks("5\nhello\r\n0\r\n\r\n")],
  ["CVE-2025-55315", "a chunk extension that ends with a bare LF", chunks("5;\nhello\r\n0\r\n\r\n")],
  ["RFC 9112 7.1", "a chunk size with a sign", chunks("+5\r\nhello\r\n0\r\n\r\n")],
  ["RFC 9112 7.1", "a chunk size with 0x", chunks("0x5\r\nhello\r\n0\r\n\r\n")],
  ["CVE-2017-7657", "a chunk size that is 5 in 64 bits", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n")],
  ["CVE-2025-43859", "chunk data that ends otherwise than with CRLF", chunks("5\r\nhelloXX0\r\n\r\n")],
  ["RFC 9112 7.1", "chunk data that ends with a bare LF", chunks("5\r\nhello\n0\r\n\r\n")],
  ["RFC 9112 7.1", "a last chunk that ends with a bare LF", chunks("5\r\nhello\r\n0\n\r\n")],
  ["RFC 9110 5.5", "a trailer with a NUL", chunks("5\r\nhello\r\n0\r\nX: y\0\r\n\r\n")],
  ["RFC 9112 5.1", "a trailer with a space before the colon", chunks("5\r\nhello\r\n0\r\nX : y\r\n\r\n")],
];

/** Odd, but with one meaning only: [..., body]. */
export const HARMLESS: readonly (readonly [reference: string, what: string, bytes: string, body: string])[] =
  [
    [
      "RFC 9112 4",
      "a reason with obs-text",
      `HTTP/1.1 200 \xe9\xff\r\nContent-Length: 2\r\n\r\nok${EVIL}`,
      "ok",
    ],
    ["RFC 9112 4", "an empty reason", `HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok${EVIL}`, "ok"],
    ["RFC 9112 9.2", "an answer that another one follows", `${counted("ok")}${EVIL}`, "ok"],
    ["RFC 9112 7.1", "a last chunk that another answer follows", chunks("2\r\nok\r\n0\r\n\r\n"), "ok"],
    [
      "RFC 9110 5.5",
      "a value with obs-text",
      `HTTP/1.1 200 OK\r\nX: \xe9\xff\r\nContent-Length: 2\r\n\r\nok${EVIL}`,
      "ok",
    ],
  ];

/** What undici's parser forgives and does not tell; the answer that goes out is clean all the same. */
export const STANDARD_FORGIVES: ReadonlySet<string> = new Set([
  "a NUL in the reason",
  "HTTP/2.0",
  "HTTP/0.9",
  "an HTTP/1.0 answer in chunks",
]);
