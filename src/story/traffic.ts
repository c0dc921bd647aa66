// What became of requests in a stretch of time: samples summed up.

import type { FlowSample } from "../api/backend.ts";
import { percentileOf } from "../telemetry/latency-buckets.ts";

export interface Traffic {
  /** What the samples cover, which may be less than what was asked for. */
  readonly from: number;
  readonly until: number;
  readonly accepted: number;
  /** By generation, in order of the first answer. */
  readonly answered: readonly {
    readonly slot: string;
    readonly generation: number;
    readonly version: string | undefined;
    readonly count: number;
  }[];
  readonly refused: number;
  readonly failed: number;
  /** Ended at a deadline. */
  readonly cut: number;
  readonly left: number;
  readonly held: number;
  readonly longestHoldMs: number;
  readonly replayed: number;
  /** To the first byte of the answer, hold included; undefined: no answers. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** Of the samples that end after `from` and no later than `until`; undefined if there are none. */
function trafficBetween(samples: readonly FlowSample[], from: number, until: number): Traffic | undefined {
  const own = samples.filter(({ monotonicMs }) => monotonicMs > from && monotonicMs <= until);
  const [first] = own;
  const last = own.at(-1);
  if (!first || !last) return undefined;
  const answered = new Map<
    number,
    { slot: string; generation: number; version: string | undefined; count: number }
  >();
  const sum = (read: (sample: FlowSample) => number) =>
    own.reduce((total, sample) => total + read(sample), 0);
  for (const { slots } of own) {
    for (const { slot, generation, version, answered: count } of slots) {
      if (count === 0) continue;
      const known = answered.get(generation);
      if (known) known.count += count;
      else answered.set(generation, { slot, generation, version, count });
    }
  }
  const latencies = own.flatMap(({ slots }) => slots.map(({ latency }) => latency));
  return {
    from: Math.max(from, first.monotonicMs - first.spanMs),
    until: last.monotonicMs,
    accepted: sum(({ accepted }) => accepted),
    answered: [...answered.values()],
    refused: sum(({ ended }) => ended.refused),
    failed: sum(({ ended }) => ended.failed),
    cut: sum(({ ended }) => ended.deadline),
    left: sum(({ ended }) => ended.client_aborted),
    held: sum(({ holds }) => holds),
    longestHoldMs: own.reduce((longest, { longestHoldMs }) => Math.max(longest, longestHoldMs), 0),
    replayed: sum(({ replayed }) => replayed),
    p50Ms: percentileOf(latencies, 0.5),
    p99Ms: percentileOf(latencies, 0.99),
  };
}

/** How long before and after a story is looked at, ms. */
const AROUND_MS = 10_000;

/** Before, during and after; what goes on has no after yet. */
export function trafficAround(
  samples: readonly FlowSample[],
  from: number,
  until: number | undefined,
  now: number,
): { before: Traffic | undefined; during: Traffic | undefined; after: Traffic | undefined } {
  const end = until === undefined ? now : untilTheHeldWereAnswered(samples, from, until);
  return {
    before: trafficBetween(samples, from - AROUND_MS, from),
    during: trafficBetween(samples, from, end),
    after: until === undefined ? undefined : trafficBetween(samples, end, end + AROUND_MS),
  };
}

/** Those who waited are let go at the end and answered after it: they belong to what they waited for. */
function untilTheHeldWereAnswered(samples: readonly FlowSample[], from: number, until: number): number {
  let end = until;
  if (!trafficBetween(samples, from, until)?.held) return end;
  for (const { monotonicMs, spanMs, longestHoldMs } of samples) {
    if (monotonicMs <= until) continue;
    const sinceBegin = monotonicMs - longestHoldMs;
    const waitedFor = longestHoldMs > 0 && sinceBegin < until + spanMs && sinceBegin > from - spanMs;
    if (!waitedFor || monotonicMs - until > AROUND_MS) break;
    end = monotonicMs;
  }
  return end;
}
