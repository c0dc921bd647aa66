// Durations carry a unit, so that nobody has to guess whether 5 means seconds or milliseconds.

import { type ValueKind, wrong } from "./value-kind.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const WHOLE = /^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const DAY_MS = 24 * 3_600_000;

/** Milliseconds of "5s", "1m30s", "500ms", "1.5h"; undefined for anything else. A number without a unit is refused. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART))
    total += Number(amount) * (UNITS[unit ?? ""] ?? Number.NaN);
  return Math.round(total);
}

/** The shortest exact form with units: 90000 is "1m30s", 1500 is "1.5s", 0 is "0s". */
export function formatDuration(ms: number): string {
  if (ms !== 0 && Math.abs(ms) < 1_000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  const parts = [
    hours > 0 ? `${hours}h` : "",
    minutes > 0 ? `${minutes}m` : "",
    seconds > 0 ? `${seconds}s` : "",
  ];
  return parts.join("") || "0s";
}

/** A duration in ms, from `least` to 24h. */
export function duration(least: number): ValueKind<number> {
  return {
    placeholder: "DURATION",
    parse(text) {
      const value = parseDuration(text);
      if (value === undefined) return wrong(text, "a duration with a unit such as 5s (ms, s, m, h)");
      if (value < least) return wrong(text, `at least ${formatDuration(least)}`);
      if (value > DAY_MS) return wrong(text, "at most 24h");
      return { value };
    },
  };
}
