import { expect, test } from "vitest";
import type { Sample } from "../cases/bench-case.ts";
import { cellOf, linesOf } from "./cell.ts";
import { resultOf } from "./result.fixture.ts";
import { withAdded } from "./result.ts";

const round = (sluice: Sample, nginx?: Sample): Record<string, Sample> =>
  nginx ? { sluice, nginx } : { sluice };

test("a ratio is that of the same round, and their median counts", () => {
  const result = resultOf([
    round({ cpu: 10 }, { cpu: 10 }),
    // The machine was slow in this round, for both.
    round({ cpu: 60 }, { cpu: 40 }),
    round({ cpu: 12 }, { cpu: 10 }),
  ]);
  expect(cellOf(result.cases[0]!, "cpu", "sluice", "nginx")).toMatchObject({ value: 12, ratio: 1.2 });
});

test("without the yardstick there is a value, and no ratio", () => {
  const result = resultOf([round({ cpu: 10 })]);
  expect(cellOf(result.cases[0]!, "cpu", "sluice", "nginx")).toEqual({
    value: 10,
    ratio: undefined,
    failedShare: 0,
  });
  expect(cellOf(result.cases[0]!, "cpu", "haproxy", "nginx")).toBeUndefined();
});

test("requests that failed are a share over all rounds", () => {
  const result = resultOf([
    round({ cpu: 1, requests: 90, failed: 0 }),
    round({ cpu: 1, requests: 10, failed: 5 }),
  ]);
  expect(cellOf(result.cases[0]!, "cpu", "sluice", "nginx")?.failedShare).toBe(0.05);
});

test("the memory of the load that leaves most has a line of its own", () => {
  const result = resultOf([
    round({ cpu: 1, rss: 80 }),
    round({ cpu: 1, rss: 90 }),
    round({ cpu: 1, rss: 85 }),
  ]);
  expect(linesOf(result).at(-1)).toMatchObject({ row: { key: "rss" }, cells: { sluice: { value: 85 } } });
  expect(linesOf(resultOf([round({ cpu: 1 })])).map(({ row }) => row.key)).toEqual(["cpu", "ms"]);
});

test("what a proxy adds is the difference to the app itself, time by time", () => {
  expect(withAdded({ p50: 150, p99: 500, cpu: 20 }, { p50: 60, p99: 100, cpu: 0 })).toEqual({
    p50: 150,
    p99: 500,
    cpu: 20,
    "p50-added": 90,
    "p99-added": 400,
  });
});
