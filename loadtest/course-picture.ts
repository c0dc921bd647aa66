// A course as two plots over the same time, and the list of what is marked on them.

import { element, type Part } from "../src/picture/markup.ts";
import { type Moment, plot } from "../src/picture/plot.ts";
import { wordTable } from "../src/picture/report-page.ts";
import { clockTicks, count, duration } from "../src/picture/scale.ts";
import type { Course } from "./course.ts";

const MARKED: ReadonlySet<string> = new Set([
  "switch",
  "lifeline_lost",
  "hold_began",
  "pod_leaving",
  "last_call",
  "pod_deadline",
]);

export function coursePicture(course: Course, name: string): readonly Part[] {
  const { slices, versions, lost, events, marks, sliceMs } = course;
  const to = slices.at(-1)?.at ?? 0;
  if (slices.length === 0) return [element("p", { class: "quiet" }, "No request was sent.")];
  const [, step = to] = clockTicks(to, 8);
  const common = {
    times: slices.map(({ at }) => at),
    from: 0,
    to,
    ticksX: Array.from({ length: Math.floor(to / step) + 1 }, (_, index) => index * step),
    formatX: (at: number) => duration(Math.round(at)),
    moments: [
      ...events
        .filter(({ type }) => MARKED.has(type))
        .map(({ at, type, words }): Moment => ({ at, kind: type, words: `${duration(at)}: ${words}` })),
      ...marks.map(({ at, words }): Moment => ({ at, kind: "mark", words: `${duration(at)}: ${words}` })),
    ],
  };
  return [
    element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        "How long answers took, client to client",
        key("median", "median"),
        key("slow", "99th percentile"),
        key("worst", "slowest"),
        lost.length > 0 &&
          key("failed", `without a right answer: ${count(lost.length)}, at the time that they took`),
      ),
      plot({
        ...common,
        title: `Latency during ${name}: median, 99th percentile and slowest; ${lost.length} lost`,
        height: 220,
        lines: [
          { name: "slowest", colour: "worst", values: slices.map(({ worst }) => worst) },
          { name: "p99", colour: "slow", values: slices.map(({ p99 }) => p99) },
          { name: "median", colour: "median", values: slices.map(({ p50 }) => p50) },
        ],
        dots: lost.map(({ at, ms }) => ({ at: Math.min(at, to), value: ms, colour: "failed" })),
        formatY: duration,
      }),
    ),
    element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        "Right answers a second, by the version that gave them",
        versions.slice(0, 12).map((version, index) => key(`series-${(index % 6) + 1}`, version)),
        versions.length > 12 && element("span", { class: "key" }, `and ${versions.length - 12} more`),
      ),
      plot({
        ...common,
        title: `Answers a second during ${name}`,
        height: 150,
        areas: versions.map((version, index) => ({
          name: version,
          colour: (index % 6) + 1,
          values: slices.map(({ answered }) => ((answered[version] ?? 0) * 1_000) / sliceMs),
        })),
        least: 4,
        formatY: (value) => `${count(value)}/s`,
      }),
    ),
    common.moments.length > 0 &&
      element(
        "p",
        { class: "quiet" },
        "Marks: black, another version became active; red, an app's process ended; dashed, what else sluice or the test did. The pointer over a mark shows its words.",
      ),
    eventList(course),
  ];
}

function key(kind: string, words: string): Part {
  return element("span", { class: `key ${kind}` }, element("span", { class: "swatch" }), words);
}

const MOST_LISTED = 400;

function eventList({ events, marks }: Course): Part {
  const all = [
    ...events.map(({ at, type, words }) => [at, `sluice: ${type}`, words] as const),
    ...marks.map(({ at, words }) => [at, "the test", words] as const),
  ].sort(([one], [other]) => one - other);
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MOST_LISTED).map(([at, who, words]) => [duration(Math.round(at)), who, words]);
  const more = all.length > MOST_LISTED ? [["…", "", `and ${all.length - MOST_LISTED} more`]] : [];
  return element(
    "details",
    {},
    element("summary", {}, `What happened meanwhile: ${count(all.length)} events`),
    wordTable(["at", "who", "what"], [...shown, ...more], "words"),
  );
}
