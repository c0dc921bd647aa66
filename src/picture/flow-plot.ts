// The flow of requests as two plots: answers a second, one colour for each generation, and how long they took.

import type { FlowSample, TimelineEvent } from "../api/backend.ts";
import { percentileOf } from "../telemetry/latency-buckets.ts";
import type { Element } from "./markup.ts";
import { colourOf, type Moment, plot, type Series } from "./plot.ts";
import { clockTicks, count, duration } from "./scale.ts";

export interface FlowPlots {
  readonly rate: Element;
  readonly latency: Element;
  /** Who stands in the picture, oldest first. */
  readonly generations: readonly {
    readonly generation: number;
    readonly slot: string;
    readonly version: string | undefined;
  }[];
}

const MARKED: ReadonlySet<string> = new Set([
  "switch",
  "lifeline_lost",
  "hold_began",
  "pod_leaving",
  "last_call",
  "pod_deadline",
]);

/** Samples that lie closer together are taken as one: a border of a phase is no point of a curve. */
const LEAST_SPAN_MS = 250;

interface Point {
  readonly at: number;
  readonly spanMs: number;
  readonly slots: FlowSample["slots"];
}

export interface FlowFrame {
  /** On sluice's clock, ms. */
  readonly from: number;
  readonly to: number;
  /** The moment from which the axis counts, in both directions. */
  readonly origin: number;
  readonly formatX: (at: number) => string;
  /** px; default 960. */
  readonly width?: number;
}

export function flowPlots(
  samples: readonly FlowSample[],
  events: readonly TimelineEvent[],
  { from, to, origin, formatX, width = 960 }: FlowFrame,
): FlowPlots {
  const points = pointsOf(samples.filter(({ monotonicMs }) => monotonicMs >= from && monotonicMs <= to));
  const times = points.map(({ at }) => at);
  const generations = [
    ...new Map(
      points.flatMap(({ slots }) =>
        slots.map(({ generation, slot, version }) => [generation, { generation, slot, version }] as const),
      ),
    ).values(),
  ].sort((one, other) => one.generation - other.generation);
  const areas = generations.map(
    ({ generation, slot, version }): Series => ({
      name: `${version ?? "the app"} in slot ${slot}`,
      colour: colourOf(generation),
      values: points.map(({ slots, spanMs }) => (answersOf(slots, generation) * 1_000) / spanMs),
    }),
  );
  const latencies = ({ generation, slot, version }: FlowPlots["generations"][number]) => {
    const percentile = (p: number) =>
      points.map(({ slots }) =>
        percentileOf(
          slots.flatMap((one) => (one.generation === generation ? [one.latency] : [])),
          p,
        ),
      );
    const name = `${version ?? "the app"} in slot ${slot}`;
    return [
      { name: `${name}, p99`, colour: `series-${colourOf(generation)} p99`, values: percentile(0.99) },
      { name: `${name}, median`, colour: colourOf(generation), values: percentile(0.5) },
    ];
  };
  const moments = events
    .filter(({ type }) => MARKED.has(type))
    .map(({ monotonicMs, message, type }): Moment => ({ at: monotonicMs, words: message, kind: type }));
  const [, step = to - from] = clockTicks(to - from, Math.max(2, Math.round(width / 150)));
  const first = Math.ceil((from - origin) / step);
  const places = Math.floor((to - origin) / step) - first + 1;
  const ticksX = Array.from({ length: Math.max(0, places) }, (_, index) => origin + (first + index) * step);
  const common = { width, times, from, to, moments, formatX, ticksX };
  return {
    generations,
    rate: plot({
      ...common,
      title: titleOf("Answers a second", areas),
      height: 190,
      areas,
      least: 4,
      formatY: (value) => `${count(value)}/s`,
    }),
    latency: plot({
      ...common,
      title: "Time to the first byte of the answer, median and 99th percentile, hold included",
      height: 140,
      lines: generations.flatMap(latencies),
      formatY: duration,
    }),
  };
}

function titleOf(what: string, areas: readonly Series[]): string {
  const last = areas.map(({ name, values }) => `${name} ${count(values.at(-1) ?? 0)}`);
  return last.length === 0 ? `${what}: none` : `${what}, at the end: ${last.join(", ")}`;
}

function answersOf(slots: FlowSample["slots"], generation: number): number {
  return slots.reduce((sum, slot) => sum + (slot.generation === generation ? slot.answered : 0), 0);
}

function pointsOf(samples: readonly FlowSample[]): readonly Point[] {
  const points: Point[] = [];
  let slots: FlowSample["slots"][number][] = [];
  let spanMs = 0;
  for (const sample of samples) {
    slots.push(...sample.slots);
    spanMs += sample.spanMs;
    if (spanMs < LEAST_SPAN_MS) continue;
    points.push({ at: sample.monotonicMs, spanMs, slots });
    slots = [];
    spanMs = 0;
  }
  return points;
}
