// What the app answers, and what it does with its connection then.

import fc from "fast-check";
import { bend, bent, framed, often } from "./grammar.ts";

export interface AppAnswer {
  /** Interim answers and the head, latin1. */
  readonly head: string;
  /** What follows; left out after HEAD, 204 and 304 unless it is `unruly`. */
  readonly body: string;
  readonly unruly: boolean;
  /** What the app does with its connection when that is written. */
  readonly ending: "keep" | "end" | "reset";
}

const answerFields = fc.array(
  often(
    [
      ...[
        "X-A: b",
        "Set-Cookie: a=b",
        "Set-Cookie: c=d",
        "Content-Type: text/plain",
        "Connection: close",
        "Connection: X-A",
        "X-A: c",
      ],
      ...[
        "Keep-Alive: timeout=5",
        "Trailer: X-T",
        "Date: Mon, 23 Nov 2026 00:00:00 GMT",
        "X-Latin: \xe9",
        'ETag: "x"',
        "Upgrade: h2c",
      ],
    ],
    [
      "X : y",
      "X: y\0",
      "X(: y",
      "X: y\r\n z",
      `X: ${"y".repeat(5000)}`,
      "Content-Length: 3",
      "Transfer-Encoding: chunked",
      "X: y\nZ: z",
    ],
    40,
  ),
  { maxLength: 3 },
);
export const answer = fc
  .record({
    early: fc.oneof(
      { weight: 12, arbitrary: fc.constant("") },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\n",
        ),
      },
    ),
    line: often(
      [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 404 Not Found",
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 500 ",
      ],
      [
        "HTTP/1.0 200 OK",
        "HTTP/1.1 099 x",
        "HTTP/1.1 600 x",
        "HTTP/1.1 20 x",
        "HTTP/1.1 200",
        "HTTP/2.0 200 OK",
        "HTTP/1.1 101 S",
        "garbage",
        "HTTP/1.1 200 \xe9",
      ],
      30,
    ),
    fields: answerFields,
    framed,
    surplus: fc.oneof(
      { weight: 40, arbitrary: fc.constant("") },
      { weight: 1, arbitrary: fc.constantFrom("x", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil") },
    ),
    cutAt: fc.oneof(
      { weight: 30, arbitrary: fc.constant(-1) },
      { weight: 1, arbitrary: fc.nat({ max: 200 }) },
    ),
    unruly: fc.nat({ max: 40 }).map((n) => n === 0),
    ending: often(["keep", "keep", "keep", "keep", "end"] as const, ["reset"] as const, 40),
    bends: fc.oneof(
      { weight: 20, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(bend, { minLength: 1, maxLength: 2 }) },
    ),
  })
  .map(({ early, line, fields, framed: [lines, body], surplus, cutAt, ending, bends, unruly }): AppAnswer => {
    const said = bent(`${early}${line}\r\n${fields.map((one) => `${one}\r\n`).join("")}${lines}\r\n`, bends);
    // What was bent or cut off may be waited for: only the end of the connection makes an end of it.
    const isOpen = cutAt >= 0 || bends.length > 0 || lines === "" || lines.includes(": 9") || unruly;
    return {
      head: cutAt >= 0 ? said.slice(0, cutAt) : said,
      body: cutAt >= 0 ? body.slice(0, Math.max(0, cutAt - said.length)) : body + surplus,
      unruly,
      ending: isOpen && ending === "keep" ? "end" : ending,
    };
  });
