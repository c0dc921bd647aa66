import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createQuota } from "./quota.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("as many as allowed in a window; the rest is told when it ends, and the next window is fresh", () => {
  const told: number[] = [];
  const quota = createQuota(2, 1000, (leftOut) => told.push(leftOut));
  expect([quota.take(), quota.take(), quota.take(), quota.take()]).toEqual([true, true, false, false]);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([2]);
  expect(quota.take()).toBe(true);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([2]);
});

test("closing tells what was left out, once", () => {
  const told: number[] = [];
  const quota = createQuota(1, 1000, (leftOut) => told.push(leftOut));
  quota.take();
  quota.take();
  quota.close();
  quota.close();
  expect(told).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
});
