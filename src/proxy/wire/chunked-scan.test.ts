import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkedScan } from "./chunked-scan.ts";

function walk(parts: readonly Buffer[]) {
  const scan = new ChunkedScan();
  let data = "";
  let passed = 0;
  for (const part of parts) {
    const end = scan.walk(part, 0, part.length, (from, to) => {
      data += part.toString("latin1", from, to);
    });
    passed += end;
    if (end < part.length || scan.phase === "trailers") break;
  }
  return { phase: scan.phase, data, passed };
}

const whole = (text: string) => walk([Buffer.from(text, "latin1")]);

describe("chunked framing", () => {
  const chunk = fc.record({
    data: fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" }),
    zeros: fc.constantFrom("", "0", "000"),
    upper: fc.boolean(),
    extension: fc.constantFrom("", ";a", `;a="b;c\\"d"`, ";a=b;c"),
  });

  it("is followed to the end of the last chunk, however it is cut, and its data is found", () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 5 }), fc.array(fc.nat()), (chunks, cuts) => {
        let text = "";
        for (const { data, zeros, upper, extension } of chunks) {
          const size = data.length.toString(16);
          text += `${zeros}${upper ? size.toUpperCase() : size}${extension}\r\n${data}\r\n`;
        }
        text += "0\r\n";
        const places = [...new Set(cuts.map((cut) => cut % text.length))].sort((a, b) => a - b);
        const parts = [0, ...places].map((from, i) => Buffer.from(text.slice(from, places[i]), "latin1"));
        expect(walk(parts)).toEqual({
          phase: "trailers",
          data: chunks.map(({ data }) => data).join(""),
          passed: text.length,
        });
      }),
    );
  });

  it("is passed on without its extensions, however it is cut", () => {
    const text = '5;a;b="c;d\\"";e=f\r\nhello\r\n1\r\n;\r\n0;last=1\r\n';
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 6 }), (cuts) => {
        const scan = new ChunkedScan();
        const places = [...new Set(cuts)].sort((a, b) => a - b);
        let out = "";
        for (const [i, from] of [0, ...places].entries()) {
          const part = Buffer.from(text.slice(from, places[i]), "latin1");
          const end = scan.walk(part, 0, part.length);
          scan.pass(0, end, (at, until) => {
            out += part.toString("latin1", at, until);
          });
        }
        expect(out).toBe("5\r\nhello\r\n1\r\n;\r\n0\r\n");
      }),
    );
  });

  it.each([
    ["no size", "\r\n"],
    ["a size that is none", "zz\r\n"],
    ["a signed size", "+5\r\nhello\r\n"],
    ["a size in C's form", "0x5\r\nhello\r\n"],
    ["a size with an underscore", "1_0\r\n"],
    ["a space before the size", " 5\r\nhello\r\n"],
    ["a space behind the size", "5 \r\nhello\r\n"],
    ["a size beyond what can be counted", "fffffffffffffffff\r\n"],
    ["a size that overflows 64 bits to 5", "10000000000000005\r\nhello\r\n"],
    ["a bare LF behind the size", "5\nhello\r\n"],
    ["a bare CR behind the size", "5\rhello\r\n"],
    ["a bare LF in an extension", "5;a\nhello\r\n"],
    ["a NUL in an extension", "5;\0\r\nhello\r\n"],
    ["an extension without a name", "5;\r\nhello\r\n"],
    ["a space in an extension", "5;a b\r\nhello\r\n"],
    ["a space before an extension", "5; a\r\nhello\r\n"],
    ["an extension's value that is none", "5;a=\r\nhello\r\n"],
    ["a quote that is open at the end of the line", '5;a="\r\nhello\r\n'],
    ["something behind a quote", '5;a="b"c\r\nhello\r\n'],
    ["an extension in place of a size", ";a\r\nhello\r\n"],
    ["a bare LF behind the data", "5\r\nhello\n"],
    ["more data than said", "3\r\nhello\r\n"],
    ["less data than said", "6\r\nhello\r\n0\r\n"],
  ])("with %s is broken", (_what, text) => {
    expect(whole(text).phase).toBe("broken");
  });

  it("with endless extensions is broken", () => {
    expect(whole(`1;${"a".repeat(17_000)}\r\nx\r\n`).phase).toBe("broken");
    expect(whole(`1;${"a".repeat(100)}\r\nx\r\n`.repeat(200)).phase).toBe("broken");
  });
});
