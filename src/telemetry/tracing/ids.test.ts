import { randomFillSync } from "node:crypto";
import { expect, test } from "vitest";
import { createIds } from "./ids.ts";

test("ids have the length of their kind, and none comes twice, however often randomness is fetched", () => {
  const ids = createIds(randomFillSync);
  const all = Array.from({ length: 2_000 }, () => [ids.trace(), ids.span()]);
  for (const [trace, span] of all) {
    expect(trace).toMatch(/^[\da-f]{32}$/);
    expect(span).toMatch(/^[\da-f]{16}$/);
  }
  expect(new Set(all.flat()).size).toBe(4_000);
});

test("an id that would mean none is not given out", () => {
  let isFirst = true;
  const ids = createIds((pool) => {
    pool.fill(isFirst ? 0 : 1);
    isFirst = false;
  });
  expect(ids.span()).toBe("01".repeat(8));
});
