// What requests and answers have in common: bodies and their framing, and bytes that are bent.

import fc from "fast-check";

/** One of the usual ones, and one in `weight` times an odd one. */
export const often = <T>(usual: readonly T[], odd: readonly T[], weight = 20) =>
  fc.oneof(
    { weight, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );

const size = often(["5", "5", "05", "1"], ["0x5", "+5", "5 ", "", "g", "5\t", "100000000000000005"], 60);
const extension = fc.oneof(
  { weight: 30, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.constantFrom(";a=b", ";a", ';a="b c"', ";", ";a\n", ' ;a="', ";\0") },
);
const chunk = fc
  .tuple(size, extension)
  .map(([digits, ext]) => `${digits}${ext}\r\n${"hello".slice(0, Number.parseInt(digits, 16) || 5)}\r\n`);
const trailers = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "X-T: 1\r\n",
      "X-T: 1\r\nX-U: 2\r\n",
      "Host: z\r\n",
      "X-T : 1\r\n",
      "Content-Length: 3\r\n",
    ),
  },
);
const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), trailers)
  .map(([chunks, lines]) => `${chunks.join("")}0\r\n${lines}\r\n`);
/** [framing lines, body] */
export const framed = fc.oneof(
  { weight: 8, arbitrary: fc.constant(["", ""] as const) },
  {
    weight: 6,
    arbitrary: fc.nat({ max: 40 }).map((n) => [`Content-Length: ${n}\r\n`, "b".repeat(n)] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(20_000, 70_000)
      .map((n) => [`Content-Length: ${n}\r\n`, "L".repeat(n)] as const),
  },
  { weight: 6, arbitrary: chunked.map((body) => ["Transfer-Encoding: chunked\r\n", body] as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...([
        ["Content-Length: 5, 5\r\n", "hello"],
        ["Content-Length: +5\r\n", "hello"],
        ["Content-Length: \t5 \r\n", "hello"],
        ["content-length: 005\r\n", "hello"],
        ["Content-Length: 5\r\nContent-Length: 5\r\n", "hello"],
        ["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"],
        ["Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"],
        ["Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"],
        ["Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"],
        ["Content-Length: 9\r\n", "short"],
      ] as const),
    ),
  },
);
export const bend = fc.record({
  at: fc.nat({ max: 1_000_000 }),
  drop: fc.nat({ max: 2 }),
  put: fc.constantFrom(
    "",
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    "\xff",
    "0",
    "9",
    ";",
    ",",
    "\x7f",
    "A",
    "G",
  ),
});

/** The text with those places changed. */
export function bent(text: string, bends: readonly { at: number; drop: number; put: string }[]): string {
  let out = text;
  for (const { at, drop, put } of bends) {
    const place = at % (out.length + 1);
    out = out.slice(0, place) + put + out.slice(place + drop);
  }
  return out;
}
