import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, LATENCY_BUCKETS, latencyOf, percentileOf, sparse } from "./latency-buckets.ts";

test("a latency is told to within an eighth of itself, from 8 µs to half an hour", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.008, max: 1_800_000, noNaN: true }), (ms) => {
      const told = latencyOf(bucketOf(ms));
      expect(Math.abs(told - ms)).toBeLessThanOrEqual(ms / 8 + 0.001);
    }),
  );
});

test("buckets ascend with the latency and stay in their range, whatever comes", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (one, other) => {
      const [less, more] = [bucketOf(Math.min(one, other)), bucketOf(Math.max(one, other))];
      expect(less).toBeLessThanOrEqual(more);
      expect(less).toBeGreaterThanOrEqual(0);
      expect(more).toBeLessThan(LATENCY_BUCKETS);
    }),
  );
});

test("percentiles over several samples", () => {
  const counts = new Uint32Array(LATENCY_BUCKETS);
  for (let ms = 1; ms <= 98; ms++) counts[bucketOf(1)]!++;
  const slow = new Uint32Array(LATENCY_BUCKETS);
  slow[bucketOf(100)] = 2;
  const all = [sparse(counts), sparse(slow)];
  expect(percentileOf(all, 0.5)).toBeCloseTo(1, 0);
  expect(percentileOf(all, 0.98)).toBeCloseTo(1, 0);
  expect(percentileOf(all, 0.99)).toBeGreaterThan(90);
  expect(percentileOf([], 0.5)).toBeUndefined();
});
