import { expect, test } from "vitest";
import { figuresOf, withFigures } from "./page.ts";
import { resultOf } from "./result.fixture.ts";
import { formatFigure, markdown, notesOf, plainText, tablesOf } from "./table.ts";

const ROUNDS = [
  {
    sluice: { cpu: 24.3, ms: 60.2, requests: 1_000, failed: 2 },
    nginx: { cpu: 20, ms: 8.04, requests: 1_000, failed: 0 },
  },
];

test("three digits say it", () => {
  expect([0.123, 1.234, 12.34, 123.4, 12_345.6, 7, -0.5].map(formatFigure)).toEqual([
    "0.12",
    "1.23",
    "12.3",
    "123",
    "12346",
    "7",
    "-0.50",
  ]);
});

test("ratios and values have tables of their own; the yardstick shows what it is", () => {
  const [ratios, values] = tablesOf(resultOf(ROUNDS));
  expect(ratios?.rows).toEqual([["GET", "1.22 !", "20 µs"]]);
  expect(values?.rows).toEqual([["start, ms", "60.2 !", "8.04"]]);
});

test("a proxy that was not measured has a dash, and a note says why", () => {
  const result = resultOf([{ nginx: { cpu: 20, ms: 8 } }], {
    absences: [
      { case: "get", peer: "sluice", reason: "this version does not accept it", isOffer: true },
      { case: "get", peer: "sluice", reason: "this version does not accept it", isOffer: true },
    ],
  });
  expect(tablesOf(result)[0]?.rows).toEqual([["GET", "–", "20 µs"]]);
  expect(notesOf(result)).toEqual(["– get, sluice, wire: this version does not accept it"]);
});

test("requests that failed are told", () => {
  expect(notesOf(resultOf(ROUNDS))).toEqual(["! get, sluice, wire: 2 of 1000 requests failed"]);
});

test("a terminal gets columns, Markdown a table", () => {
  const table = { title: "T", head: ["", "a", "bbbb"], rows: [["row", "1.00", "2"]] };
  expect(plainText(table)).toBe("T\n        a  bbbb\nrow  1.00     2");
  expect(markdown(table)).toBe("T:\n\n|  | a | bbbb |\n| --- | ---: | ---: |\n| row | 1.00 | 2 |");
});

test("the figures of a page are replaced, and nothing else", () => {
  const page = "# Bench\n<!-- figures of the bench -->\nold\n<!-- end of the figures -->\nafter\n";
  const figures = figuresOf(resultOf(ROUNDS));
  expect(figures).toContain("2026-11-23, `npm run bench -- --rounds 3`: one round; 3 s after");
  expect(withFigures(page, figures)).toBe(
    `# Bench\n<!-- figures of the bench -->\n${figures}\n<!-- end of the figures -->\nafter\n`,
  );
  expect(() => withFigures("# Bench\n", figures)).toThrow(RangeError);
});
