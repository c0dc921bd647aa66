// Too much of everything: what has no end of its own ends at a limit.

import { type Chapter, chunkedPost, either, HOST, passed, refused, type Seen } from "../attack.ts";

const MANY = 5_000;
const TOO_LARGE = refused("HEAD_TOO_LARGE");
const TOO_LONG = refused("HEAD_TOO_LARGE", "TARGET_TOO_LONG", "MALFORMED_REQUEST");

export const FLOODS: Chapter = {
  form: "header and trailer floods, oversized everything",
  attacks: [
    {
      reference: "CVE-2018-12121",
      what: "a head of many small fields that never ends",
      bytes: `GET /smuggled HTTP/1.1\r\n${HOST}${`X: ${"y".repeat(20)}\r\n`.repeat(MANY)}`,
      outcome: TOO_LARGE,
    },
    {
      reference: "CVE-2018-12121",
      what: "a value that never ends",
      bytes: `GET /smuggled HTTP/1.1\r\n${HOST}X: ${"y".repeat(100_000)}`,
      outcome: TOO_LARGE,
    },
    {
      reference: "RFC 9112 3",
      what: "a field name that never ends",
      bytes: `GET /smuggled HTTP/1.1\r\n${HOST}${"X".repeat(100_000)}`,
      outcome: TOO_LARGE,
    },
    {
      reference: "RFC 9112 3",
      what: "a target that never ends",
      bytes: `GET /smuggled${"x".repeat(100_000)}`,
      outcome: TOO_LONG,
    },
    {
      reference: "RFC 9112 3",
      what: "a method that never ends",
      bytes: "G".repeat(100_000),
      outcome: TOO_LONG,
    },
    {
      reference: "RFC 9112 7.1.2",
      what: "trailers beyond the bytes of a head",
      bytes: chunkedPost(`5\r\nhello\r\n0\r\nX: ${"y".repeat(100_000)}`),
      outcome: refused("MALFORMED_REQUEST", "HEAD_TOO_LARGE"),
    },
    {
      reference: "RFC 9112 7.1.2",
      what: "trailers beyond the fields of a head",
      bytes: chunkedPost(`5\r\nhello\r\n0\r\n${"X: y\r\n".repeat(MANY)}\r\n`),
      outcome: refused("MALFORMED_REQUEST", "HEAD_TOO_LARGE"),
      standard: {
        outcome: passed(["POST", "/a", "hello"]),
        because:
          "trailers that were not announced go no further (RFC 9110 6.5.1), and their bytes are limited",
      },
    },
    {
      reference: "RFC 9112 7.1",
      what: "a chunk size of nothing but zeros that never ends",
      bytes: chunkedPost("0".repeat(100_000)),
      outcome: refused(),
      standard: {
        outcome: refused("BODY_TIMEOUT"),
        because:
          "node's parser counts a value, not its digits; it keeps none, and the body's time-out ends the wait",
      },
    },
    {
      reference: "CVE-2023-39326",
      what: "chunks of one byte, each with an extension",
      bytes: chunkedPost(`${`1;${"x".repeat(100)}\r\na\r\n`.repeat(MANY)}0\r\n\r\n`),
      outcome: either(["POST", "/a", "a".repeat(MANY)]),
    },
    {
      reference: "RFC 9112 7.1",
      what: "chunks of one byte, thousands of them",
      bytes: chunkedPost(`${"1\r\na\r\n".repeat(MANY)}0\r\n\r\n`),
      outcome: either(["POST", "/a", "a".repeat(MANY)]),
    },
    {
      reference: "RFC 9112 9.3.2",
      what: "a thousand pipelined requests are answered in order",
      bytes: Array.from({ length: 1000 }, (_, i) => `GET /${i} HTTP/1.1\r\n${HOST}\r\n`).join(""),
      outcome: either(...Array.from({ length: 1000 }, (_, i): Seen => ["GET", `/${i}`, ""])),
    },
  ],
};
