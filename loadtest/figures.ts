// The figures of a run, from the client's entries: what the events cost those who were on their way.

import type { Entry } from "./ledger.ts";

export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** What is to be reached; empty where the figure only informs. */
  readonly goal: string;
  /** Undefined: informs only. */
  readonly met: boolean | undefined;
}

/** The value that a share `p` (0 to 1) of the values does not exceed; NaN of none. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function latencyOf(entry: Entry): number {
  return entry.doneAt - entry.sentAt;
}

/** Latencies, ms, of verified requests that were under way within `beforeMs` and `afterMs` of one of the moments; and of all others. */
export function splitLatencies(
  entries: readonly Entry[],
  moments: readonly number[],
  beforeMs: number,
  afterMs: number,
): { around: number[]; steady: number[] } {
  const around: number[] = [];
  const steady: number[] = [];
  for (const entry of entries) {
    if (entry.failure !== undefined || entry.slow) continue;
    const isNear = moments.some(
      (moment) => entry.doneAt >= moment - beforeMs && entry.sentAt <= moment + afterMs,
    );
    (isNear ? around : steady).push(latencyOf(entry));
  }
  return { around, steady };
}

/** From the moment to the first good answer after it that satisfies `counts`, ms; NaN if none came. */
export function firstGoodAfter(
  entries: readonly Entry[],
  moment: number,
  counts: (entry: Entry) => boolean = () => true,
): number {
  let first = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    if (entry.failure === undefined && entry.doneAt > moment && entry.doneAt < first && counts(entry))
      first = entry.doneAt;
  }
  return first === Number.POSITIVE_INFINITY ? Number.NaN : first - moment;
}

/** The longest latency, ms, of the verified requests that were under way at the moment or began within `afterMs` of it. */
export function longestAround(entries: readonly Entry[], moment: number, afterMs: number): number {
  let longest = 0;
  for (const entry of entries) {
    if (entry.failure !== undefined || entry.doneAt < moment || entry.sentAt > moment + afterMs) continue;
    longest = Math.max(longest, latencyOf(entry));
  }
  return longest;
}

export function milliseconds(value: number): string {
  if (Number.isNaN(value)) return "none";
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/** A figure in ms that must not exceed `most`. */
export function atMost(what: string, value: number, most: number): Figure {
  return { what, measured: milliseconds(value), goal: `<= ${most} ms`, met: value <= most };
}

/** A count that must be exactly `goal`. */
export function exactly(what: string, value: number, goal: number): Figure {
  return { what, measured: `${value}`, goal: `${goal}`, met: value === goal };
}

export function informs(what: string, measured: string): Figure {
  return { what, measured, goal: "", met: undefined };
}

/** The 99th percentile within 250 ms of the moments as a multiple of the steady one. */
export function p99Around(
  entries: readonly Entry[],
  moments: readonly number[],
): { readonly ratio: number; readonly text: string } {
  const { around, steady } = splitLatencies(entries, moments, 250, 250);
  const near = percentile(around, 0.99);
  const base = percentile(steady, 0.99);
  const ratio = near / base;
  return { ratio, text: `${ratio.toFixed(2)} x (${milliseconds(near)} / ${milliseconds(base)})` };
}

/** The same as a figure that must not exceed `most`. */
export function p99Ratio(
  what: string,
  entries: readonly Entry[],
  moments: readonly number[],
  most: number,
): Figure {
  const { ratio, text } = p99Around(entries, moments);
  return { what, measured: text, goal: `<= ${most} x`, met: ratio <= most };
}
