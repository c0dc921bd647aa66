// From values to places on an axis, and the round values that stand beside it.

export interface Scale {
  (value: number): number;
  readonly from: number;
  readonly to: number;
}

/** Linear; `low` to `high` onto `start` to `end`. */
export function scale(from: number, to: number, start: number, end: number): Scale {
  const span = to - from || 1;
  return Object.assign((value: number) => start + ((value - from) / span) * (end - start), { from, to });
}

/** Round values from 0 or above `from` up to `to`, some `count` of them. */
export function ticks(from: number, to: number, count: number): readonly number[] {
  const span = to - from;
  if (!(span > 0)) return [from];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999) ?? power * 10;
  const first = Math.ceil(from / step - 1e-9);
  const found: number[] = [];
  for (let index = first; index * step <= to + step * 1e-9; index++) found.push(round(index * step));
  return found;
}

/** The least round value that is not below `value`; 1 at the least. */
export function roundUp(value: number): number {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (
    [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((one) => one >= value * 0.999) ??
    value
  );
}

const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400];

/** Spans of time, ms, that a clock finds round: from 0 up to `span`, some `count` of them. */
export function clockTicks(span: number, count: number): readonly number[] {
  const step = CLOCK_STEPS.find((seconds) => seconds * 1_000 * count >= span * 0.999) ?? span / 1_000 / count;
  if (span < 2_000) return ticks(0, span, count);
  return Array.from({ length: Math.floor(span / 1_000 / step) + 1 }, (_, index) => index * step * 1_000);
}

function round(value: number): number {
  return Number(value.toPrecision(12));
}

/** A duration in the unit that suits it, three digits at most: 0.42 ms, 17 ms, 1.38 s, 2 min 5 s. */
export function duration(ms: number): string {
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms === 0) return "0 ms";
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1_000).toPrecision(3))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return joined(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
  return joined(Math.floor(minutes / 1_440), "d", Math.round((minutes % 1_440) / 60), "h");
}

function joined(more: number, unit: string, less: number, subunit: string): string {
  return less === 0 ? `${more} ${unit}` : `${more} ${unit} ${less} ${subunit}`;
}

/** A count with thousands apart. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
