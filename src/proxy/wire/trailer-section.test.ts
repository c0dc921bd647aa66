import fc from "fast-check";
import { expect, it } from "vitest";
import { BAD, FieldLines, MORE } from "./field-lines.ts";
import { TrailerSection } from "./trailer-section.ts";

function take(parts: readonly string[], most = 1000) {
  const section = new TrailerSection();
  const lines = new FieldLines(10);
  for (const [i, part] of parts.entries()) {
    const bytes = Buffer.from(part, "latin1");
    const end = section.take(bytes, 0, bytes.length, lines, most);
    if (end !== MORE)
      return { end, text: section.text, rest: part.slice(Math.max(0, end)) + parts.slice(i + 1).join("") };
  }
  return { end: MORE, text: section.text, rest: "" };
}

it("drops what may not come in trailers, keeps the rest, and stops at the empty line, however it is cut", () => {
  const text =
    "X-Sum: 42\r\nHost: evil\r\nTransfer-Encoding: chunked\r\nx-more:  1 \r\n\r\nGET / HTTP/1.1\r\n";
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 4 }), (cuts) => {
      const places = [...new Set(cuts)].sort((a, b) => a - b);
      const parts = [0, ...places].map((from, i) => text.slice(from, places[i]));
      expect(take(parts)).toMatchObject({
        text: "X-Sum: 42\r\nx-more: 1\r\n\r\n",
        rest: "GET / HTTP/1.1\r\n",
      });
    }),
  );
});

it("is broken by what is no field line, and by more than the limit", () => {
  expect(take(["X Y: 1\r\n\r\n"]).end).toBe(BAD);
  expect(take(["X: 1\n\r\n"]).end).toBe(BAD);
  expect(take([`X: ${"a".repeat(1000)}`]).end).toBe(BAD);
  expect(take(["X: 1\r\n".repeat(11)]).end).toBe(BAD);
});
