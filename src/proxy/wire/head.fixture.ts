// Heads for tests: mostly sound, bent in all the places that matter; and a reading of them as text, as slow and plain as can be.

import fc from "fast-check";

const NAMES = [
  "Host",
  "X-A",
  "x_forwarded_for",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "Forwarded",
  "X-Real-IP",
  "X-Request-Id",
  "x_request_id",
  "Connection",
  "connection",
  "Keep-Alive",
  "TE",
  "Trailer",
  "Upgrade",
  "Expect",
  "Content-Length",
  "content-length",
  "Transfer-Encoding",
  "Proxy-Authorization",
  "HTTP2-Settings",
  "Idempotency-Key",
  "Date",
  "Content-Type",
  "Cookie",
  "",
  "X A",
  "X\x00",
  "X-\xe9",
];
const VALUES = [
  "",
  "a",
  "x.example:80",
  "a@b",
  "5",
  "0",
  "007",
  "+5",
  "5, 5",
  "99999999999999999999",
  "9007199254740991",
  "chunked",
  "Chunked",
  "gzip, chunked",
  "identity",
  "close",
  "keep-alive",
  "Keep-Alive",
  "X-A, close",
  "upgrade",
  "websocket",
  "trailers",
  "100-continue",
  "timeout=5, max=3",
  "text/event-stream",
  "1.2.3.4, 5.6.7.8",
  "\xe9\xff\x80",
  "a\tb",
  "a\x00b",
  "a\rb",
  "a\x7fb",
];
const LIKELY = ["Host: x.example", "Host: x.example", "Accept: */*", "User-Agent: test", "Content-Length: 5"];

const colon = fc.constantFrom(": ", ": ", ": ", ":", ":\t ", " :", "");
const lineEnd = fc.constantFrom(...Array.from({ length: 30 }, () => "\r\n"), "\n", "\r", " \r\n", "\r\n ");
const oddLine = fc
  .tuple(fc.constantFrom(...NAMES), colon, fc.constantFrom(...VALUES))
  .map((parts) => parts.join(""));
const line = fc.tuple(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...LIKELY) }, oddLine), lineEnd);
const lines = fc.array(line, { maxLength: 6 }).map((all) => all.map((parts) => parts.join("")).join(""));

const usually = (usual: string, ...odd: string[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, fc.constantFrom(...odd));

export const requestText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("GET", "POST", "OPTIONS", "BREW", "CONNECT", "G(T", "", "get"),
    usually(" ", "  ", "\t", ""),
    usually("/a?b=%20", "*", "http://x.example/y", "http://other/", "x:1", "/\xe9", "/a#b", "", "//", "/a b"),
    usually(
      " HTTP/1.1\r\n",
      " HTTP/1.0\r\n",
      " HTTP/1.2\r\n",
      " HTTP/2.0\r\n",
      "\r\n",
      " http/1.1\r\n",
      " HTTP/1.1\n",
    ),
    lines,
  )
  .map((parts) => `${parts.join("")}\r\n`);

export const answerText: fc.Arbitrary<string> = fc
  .tuple(
    usually("HTTP/1.1 ", "HTTP/1.0 ", "HTTP/1.1  ", "HTTP/2 ", "http/1.1 "),
    usually(
      "200 OK",
      "204 No",
      "304 N",
      "103 Early",
      "426 Up",
      "099 x",
      "600 x",
      "20 x",
      "200",
      "200 ",
      "2000 x",
      "200 \xe9",
      "200 a\x01",
    ),
    fc.constant("\r\n"),
    lines,
  )
  .map((parts) => `${parts.join("")}\r\n`);

export interface HeadText {
  readonly line: string;
  readonly fields: string[];
}

/** The head as text; undefined if it breaks the grammar of RFC 9112 2.1, 5, with names and values left to others. */
export function readText(text: string): HeadText | undefined {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...rest] = text.slice(0, end).split("\r\n");
  const fields: string[] = [];
  for (const each of rest) {
    const at = each.indexOf(":");
    if (at === -1) return undefined;
    fields.push(each.slice(0, at), each.slice(at + 1).replace(/^[\t ]+|[\t ]+$/g, ""));
  }
  return { line, fields };
}
