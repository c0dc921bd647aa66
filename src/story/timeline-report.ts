// Stories of one or several Pods as one file to attach to a change ticket: an HTML page, or one SVG picture.

import type { FlowSample } from "../api/backend.ts";
import { flowPlots } from "../picture/flow-plot.ts";
import { type Element, element, type Part, textOf } from "../picture/markup.ts";
import { phaseChart } from "../picture/phase-chart.ts";
import { colourOf } from "../picture/plot.ts";
import { reportPage, wordTable } from "../picture/report-page.ts";
import { PICTURE_STYLE } from "../picture/report-style.ts";
import { duration } from "../picture/scale.ts";
import type { Story } from "./story.ts";
import { trafficTable, verdictOf } from "./traffic-table.ts";

export interface Told {
  /** "pod/web-0"; undefined: the one sidecar that was asked. */
  readonly name: string | undefined;
  readonly stories: readonly Story[];
  readonly samples: readonly FlowSample[];
  readonly now: number;
  /** Why there is nothing to tell. */
  readonly problem: string | undefined;
}

/** How much of the flow is shown around a story, ms. */
const AROUND_MS = 12_000;

export function timelineHtml(title: string, all: readonly Told[], made: string): string {
  return reportPage(
    title,
    element(
      "header",
      { class: "card" },
      element("h1", {}, title),
      element(
        "p",
        { class: "quiet" },
        `Told by sluice, ${made}. Times are sluice's own clock, from the first sign of each story.`,
      ),
    ),
    all.map((one) =>
      one.problem === undefined
        ? one.stories.map((story) => storySection(one, story))
        : element(
            "section",
            {},
            element("h2", {}, one.name ?? "sluice"),
            element("p", { class: "bad" }, one.problem),
          ),
    ),
  );
}

function storySection({ name, samples, now }: Told, story: Story): Element {
  const verdict = verdictOf(story);
  const table = trafficTable(story);
  const length = story.until === undefined ? "and goes on" : `${duration(story.until - story.from)} in all`;
  return element(
    "section",
    {},
    element("h2", {}, name === undefined ? story.title : `${name}: ${story.title}`),
    element(
      "p",
      { class: "quiet" },
      `From ${story.time}, ${length}${story.why === "" ? "" : `: ${story.why}`}.`,
    ),
    element("p", { class: `verdict ${verdict.ok ? "good" : "bad"}` }, verdict.words),
    phaseChart(story, now),
    table && wordTable(table.heads, table.rows),
    flowFigures(story, samples, now),
    element(
      "details",
      {},
      element("summary", {}, `${story.events.length} events`),
      wordTable(
        ["after", "event", "what happened"],
        story.events.map(({ monotonicMs, type, message }) => [
          duration(monotonicMs - story.from),
          type,
          message,
        ]),
        "words",
      ),
    ),
  );
}

function flowFigures(story: Story, samples: readonly FlowSample[], now: number): Part {
  const from = story.from - AROUND_MS;
  const to = Math.min(now, (story.until ?? now) + AROUND_MS);
  const near = samples.filter(({ monotonicMs }) => monotonicMs >= from && monotonicMs <= to);
  if (near.every(({ slots }) => slots.length === 0)) return undefined;
  const start = Math.max(from, near[0]?.monotonicMs ?? from);
  const plots = flowPlots(near, story.events, {
    ...{ from: start, to, origin: story.from },
    formatX: (at) => duration(Math.round(at - story.from)),
  });
  return [
    element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        "Answers a second",
        plots.generations.map(({ generation, slot, version }) =>
          element(
            "span",
            { class: `key series-${colourOf(generation)}` },
            element("span", { class: "swatch" }),
            `${version ?? "the app"} in ${slot}`,
          ),
        ),
      ),
      plots.rate,
    ),
    element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        "Time to the first byte of the answer, hold included",
        element("span", { class: "key" }, "— median"),
        element("span", { class: "key" }, "┄ 99th percentile"),
      ),
      plots.latency,
    ),
  ];
}

const WIDTH = 960;
const HEAD = 48;

export function timelineSvg(title: string, all: readonly Told[]): string {
  let y = 12;
  const parts: Part[] = [];
  const line = (words: string, kind: string) => {
    y += 20;
    parts.push(element("text", { class: kind, x: 12, y }, words));
  };
  for (const { name, stories, now, problem } of all) {
    if (problem !== undefined) line(`${name ?? "sluice"}: ${problem}`, "title");
    for (const story of stories) {
      line(name === undefined ? story.title : `${name}: ${story.title}`, "title");
      line(`${story.time}. ${verdictOf(story).words}`, "note");
      const chart = phaseChart(story, now);
      const height = Number(String(chart.attributes.viewBox).split(" ")[3]);
      parts.push(
        element("svg", { ...chart.attributes, x: 0, y: y + 10, width: WIDTH, height }, chart.children),
      );
      y += height + 22;
    }
  }
  const picture = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${WIDTH} ${Math.max(y + 12, HEAD)}`,
      width: WIDTH,
      height: Math.max(y + 12, HEAD),
      role: "img",
      "aria-label": title,
    },
    element("style", {}, PICTURE_STYLE),
    element("rect", { class: "paper", width: "100%", height: "100%" }),
    parts,
  );
  return `${textOf(picture)}\n`;
}
