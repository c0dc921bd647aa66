import { expect, it } from "vitest";
import { firstGoodAfter, longestAround, p99Ratio, percentile, splitLatencies } from "./figures.ts";
import type { Entry } from "./ledger.ts";

const entry = (sentAt: number, doneAt: number, failure?: Entry["failure"]): Entry => ({
  number: sentAt,
  method: "GET",
  sentAt,
  doneAt,
  written: true,
  failure,
  detail: "",
  status: 200,
  version: sentAt < 100 ? "v1" : "v2",
  reused: true,
  slow: false,
});

it("takes percentiles by rank", () => {
  expect(percentile([3, 1, 2, 4], 0.5)).toBe(2);
  expect(percentile([1], 0.99)).toBe(1);
  expect(percentile([], 0.5)).toBeNaN();
});

it("finds the first good answer after a moment", () => {
  const entries = [entry(10, 20), entry(95, 105, "cut"), entry(96, 130), entry(110, 125)];
  expect(firstGoodAfter(entries, 100)).toBe(25);
  expect(firstGoodAfter(entries, 100, ({ version }) => version === "v1")).toBe(30);
  expect(firstGoodAfter(entries, 200)).toBeNaN();
});

it("finds the longest of those under way at the moment or sent soon after", () => {
  expect(longestAround([entry(0, 99), entry(90, 130), entry(110, 125), entry(300, 900)], 100, 50)).toBe(40);
});

it("parts those near a moment from the others", () => {
  const { around, steady } = splitLatencies(
    [entry(0, 1), entry(90, 95), entry(104, 108), entry(400, 402)],
    [100],
    10,
    10,
  );
  expect(around).toEqual([5, 4]);
  expect(steady).toEqual([1, 2]);
  expect(p99Ratio("", [entry(0, 10), entry(1_000, 1_030)], [1_000], 1.2)).toMatchObject({
    met: false,
    measured: "3.00 x (30 ms / 10 ms)",
  });
});
