import fc from "fast-check";
import { expect, test } from "vitest";
import { element, textOf } from "./markup.ts";
import { clockTicks, count, duration, roundUp, scale, ticks } from "./scale.ts";

test("names and messages never become markup", () => {
  const hostile = `"><script>alert(1)</script>&'\u0000`;
  expect(textOf(element("p", { title: hostile }, hostile))).toBe(
    `<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;'�">"&gt;&lt;script&gt;`.replace(
      '">"&gt;',
      '">&quot;&gt;',
    ) + "alert(1)&lt;/script&gt;&amp;'�</p>",
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(textOf(element("p", { title: text }, text)).match(/[<>]/g)).toEqual(["<", ">", "<", ">"]);
    }),
  );
});

test("parts that are not there leave nothing behind", () => {
  const tree = element("p", { hidden: false, open: true, id: undefined, key: "k" }, false, undefined, [
    "a",
    ["b"],
  ]);
  expect(textOf(tree)).toBe('<p open="">ab</p>');
});

test.each([
  [0, "0 ms"],
  [0.077, "0.077 ms"],
  [9.96, "10 ms"],
  [17.4, "17 ms"],
  [999.4, "999 ms"],
  [999.6, "1 s"],
  [1_376, "1.38 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min"],
  [125_000, "2 min 5 s"],
  [7_200_000, "2 h"],
  [200_000_000, "2 d 8 h"],
  [-5_000, "−5 s"],
])("%s ms reads as %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test("axes: round values, all of them inside", () => {
  expect(ticks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(ticks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(clockTicks(180_000, 6)).toEqual([0, 30_000, 60_000, 90_000, 120_000, 150_000, 180_000]);
  expect(roundUp(197)).toBe(200);
  expect(count(1234567)).toBe("1,234,567");
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 12 }),
      (from, span, wanted) => {
        const found = ticks(from, from + span, wanted);
        expect(found.length).toBeLessThanOrEqual(wanted * 2.5 + 2);
        for (const tick of found) {
          expect(tick).toBeGreaterThanOrEqual(from - span * 1e-6);
          expect(tick).toBeLessThanOrEqual(from + span * (1 + 1e-6));
        }
        expect(roundUp(span)).toBeGreaterThanOrEqual(span * 0.999);
      },
    ),
  );
  expect(scale(5, 5, 0, 10)(5)).toBe(0);
});
