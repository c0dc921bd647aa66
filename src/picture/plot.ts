// A plot over time: stacked areas or lines, and moments marked on it.

import { type Element, element, type Part } from "./markup.ts";
import { roundUp, type Scale, scale, ticks } from "./scale.ts";

export interface Series {
  readonly name: string;
  /** Its colour: 1 to 6, or the name of a class. */
  readonly colour: number | string;
  /** One for each of `times`; undefined: nothing there. */
  readonly values: readonly (number | undefined)[];
}

export interface Moment {
  readonly at: number;
  readonly words: string;
  readonly kind: string;
}

export interface PlotPlan {
  readonly title: string;
  readonly width?: number;
  readonly height: number;
  /** Ascending. */
  readonly times: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly areas?: readonly Series[];
  readonly lines?: readonly Series[];
  /** Single dots: time and value. */
  readonly dots?: readonly { readonly at: number; readonly value: number; readonly colour: string }[];
  readonly moments?: readonly Moment[];
  readonly formatY: (value: number) => string;
  readonly formatX: (at: number) => string;
  /** Round times for the axis; default: round values from `from` on. */
  readonly ticksX?: readonly number[];
  /** At the least as high as this. */
  readonly least?: number;
}

const LEFT = 58;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 24;

export function plot(plan: PlotPlan): Element {
  const { width = 960, height, times, from, to, areas = [], lines = [], dots = [], moments = [] } = plan;
  const sums = times.map((_, index) => areas.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const tops = lines.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const highest = roundUp(Math.max(plan.least ?? 1, ...sums, ...tops, ...dots.map(({ value }) => value)));
  const x = scale(from, to, LEFT, width - RIGHT);
  const y = scale(0, highest, height - BOTTOM, TOP);
  return element(
    "svg",
    { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": plan.title },
    ticks(0, highest, 3).map((value) => [
      element("line", {
        class: "grid",
        x1: LEFT,
        x2: width - RIGHT,
        y1: fixed(y(value)),
        y2: fixed(y(value)),
      }),
      element(
        "text",
        { class: "tick", x: LEFT - 8, y: fixed(y(value)) + 4, "text-anchor": "end" },
        plan.formatY(value),
      ),
    ]),
    (plan.ticksX ?? ticks(from, to, 6)).map((at) =>
      element(
        "text",
        { class: "tick", x: fixed(x(at)), y: height - 6, "text-anchor": "middle" },
        plan.formatX(at),
      ),
    ),
    stacked(areas, times, x, y),
    lines.map((series) =>
      element(
        "path",
        { class: `line ${classOf(series)}`, d: lineOf(times, series.values, x, y) },
        element("title", {}, series.name),
      ),
    ),
    dots.map(({ at, value, colour }) =>
      element("circle", { class: `dot ${colour}`, cx: fixed(x(at)), cy: fixed(y(value)), r: 2.5 }),
    ),
    moments.filter(({ at }) => at >= from && at <= to).map((moment) => markOf(moment, x, y)),
  );
}

function markOf({ at, words, kind }: Moment, x: Scale, y: Scale): Part {
  const place = fixed(x(at));
  return element(
    "g",
    { class: `moment ${kind}` },
    element("title", {}, words),
    element("line", { x1: place, x2: place, y1: fixed(y(y.from)), y2: fixed(y(y.to)) }),
    element("path", { d: `M${place - 4} ${TOP - 8}h8l-4 7z` }),
  );
}

function stacked(areas: readonly Series[], times: readonly number[], x: Scale, y: Scale): Element[] {
  const floor = times.map(() => 0);
  return areas.map((series) => {
    const upper: string[] = [];
    const lower: string[] = [];
    for (const [index, at] of times.entries()) {
      const base = floor[index]!;
      const top = base + (series.values[index] ?? 0);
      floor[index] = top;
      upper.push(`${fixed(x(at))} ${fixed(y(top))}`);
      lower.unshift(`${fixed(x(at))} ${fixed(y(base))}`);
    }
    return element(
      "path",
      {
        class: `area ${classOf(series)}`,
        d: times.length === 0 ? "" : `M${upper.join("L")}L${lower.join("L")}Z`,
      },
      element("title", {}, series.name),
    );
  });
}

function lineOf(
  times: readonly number[],
  values: readonly (number | undefined)[],
  x: Scale,
  y: Scale,
): string {
  let path = "";
  let isDown = false;
  for (const [index, at] of times.entries()) {
    const value = values[index];
    if (value === undefined) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${fixed(x(at))} ${fixed(y(value))}`;
    // A single value between two gaps would not be seen.
    if (!isDown && values[index + 1] === undefined) path += "h1.5";
    isDown = true;
  }
  return path;
}

function classOf({ colour }: Series): string {
  return typeof colour === "number" ? `series-${colour}` : colour;
}

/** The colour of a generation: those that follow each other differ. */
export function colourOf(generation: number): number {
  return ((generation - 1) % 6) + 1;
}

function fixed(value: number): number {
  return Math.round(value * 10) / 10;
}
