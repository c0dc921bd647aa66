import { expect, test } from "vitest";
import { addsUp, costBetween, type Reading, sumOf } from "./tally.ts";

function reading(accepted: number, answered: number, more: Partial<Reading> = {}): Reading {
  const ended = { answered, client_aborted: 0, refused: 0, failed: 0, deadline: 0 };
  return { account: { accepted, ended, inFlight: accepted - answered }, uptimeMs: accepted, ...more };
}
const holds = (total: number, longestMs: number) => ({ holds: { total, longestMs }, replayed: 0 });

test("what an upgrade cost is what was counted in between, summed over the Pods", () => {
  const one = costBetween(reading(10, 8, holds(0, 0)), reading(110, 109, holds(4, 1_200)), [])!;
  const two = costBetween(reading(5, 5, holds(2, 5_000)), reading(25, 25, holds(3, 5_000)), [])!;
  expect(one).toMatchObject({
    accepted: 100,
    inFlightBefore: 2,
    inFlightAfter: 1,
    held: 4,
    longestHoldMs: 1_200,
    isHoldBound: false,
  });
  expect(two).toMatchObject({ held: 1, longestHoldMs: 5_000, isHoldBound: true });
  const sum = sumOf([one, two]);
  expect(sum).toMatchObject({ accepted: 120, held: 5, longestHoldMs: 5_000, isHoldBound: true });
  expect([one, two, sum].map(addsUp)).toEqual([true, true, true]);
});

test("a request that vanished shows", () => {
  const cost = costBetween(reading(10, 10), reading(20, 20), [])!;
  expect(addsUp({ ...cost, accepted: cost.accepted + 1 })).toBe(false);
});

test("a sluice that was restarted counts anew: nothing is made up", () => {
  expect(costBetween(reading(10, 10), reading(5, 5), [])).toBeUndefined();
});

test("a sidecar that tells no holds is counted without", () => {
  expect(costBetween(reading(1, 1), reading(2, 2), [])).toMatchObject({ held: 0, longestHoldMs: undefined });
});
