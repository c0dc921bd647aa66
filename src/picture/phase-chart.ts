// A story's phases as bars over one axis of time.

import type { Phase, Story } from "../story/story.ts";
import { type Element, element } from "./markup.ts";
import { duration, type Scale, scale, ticks } from "./scale.ts";

const WIDTH = 960;
/** Narrower than this, words beside the bars have no room. */
const NARROW = 560;
const LABELS = 108;
const RIGHT = 12;
const TOP = 26;
const ROW = 26;
const BAR = 14;
/** About what a letter of 12 px is wide. */
const LETTER = 6.4;

/** From the story's beginning until its end is felt; a commit that lasts longer runs out of the picture. */
export function axisOf(story: Story, now: number): { readonly from: number; readonly to: number } {
  const until = story.until ?? Math.max(now, story.from + 1);
  const end =
    story.deadline !== undefined && story.until === undefined ? Math.max(until, story.deadline) : until;
  const core = Math.max(end - story.from, 5);
  const commit = story.phases.find(({ kind }) => kind === "commit");
  const whole = commit ? (commit.until ?? now) - story.from : 0;
  return { from: story.from, to: story.from + Math.max(core * 1.06, Math.min(whole, core * 1.35)) };
}

export function phaseChart(story: Story, now: number, width = WIDTH): Element {
  const { from, to } = axisOf(story, now);
  const x = scale(from, to, LABELS, width - RIGHT);
  const { deadline } = story;
  const height = TOP + story.phases.length * ROW + (deadline === undefined ? 8 : 22);
  const grid = ticks(0, to - from, Math.max(2, Math.round(width / 160))).map((at) => [
    element("line", { class: "grid", x1: x(from + at), x2: x(from + at), y1: TOP - 6, y2: height - 6 }),
    element("text", { class: "tick", x: x(from + at), y: TOP - 11, "text-anchor": "middle" }, duration(at)),
  ]);
  return element(
    "svg",
    {
      class: "phases",
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${story.title}. ${story.phases.map((phase) => wordsOf(phase, now)).join(". ")}.`,
    },
    grid,
    deadline !== undefined &&
      deadline <= to && [
        element("line", { class: "deadline", x1: x(deadline), x2: x(deadline), y1: TOP - 6, y2: height - 6 }),
        element(
          "text",
          { class: "deadline-text", x: x(deadline) - 4, y: height - 8, "text-anchor": "end" },
          "deadline",
        ),
      ],
    story.phases.map((phase, index) => rowOf(phase, index, x, now, width)),
  );
}

function rowOf(phase: Phase, index: number, x: Scale, now: number, whole: number): Element {
  const y = TOP + index * ROW;
  const start = x(Math.min(phase.from, x.to));
  const end = x(Math.min(Math.max(phase.until ?? now, phase.from), x.to));
  const isCut = (phase.until ?? now) > x.to;
  const width = Math.max(end - start, 3);
  const about = phase.about === "" || whole < NARROW ? "" : ` · ${phase.about}`;
  const words = `${lengthOf(phase, now)}${about}`;
  const room = whole - RIGHT - (start + width + 8);
  const before = start - LABELS - 8;
  const long = words.length * LETTER;
  const isInside = long > room && long > before && long + 16 <= width;
  const isRight = long <= room || room >= before;
  const shown = isInside ? words : shorten(words, Math.max(isRight ? room : before, 60));
  return element(
    "g",
    { class: "phase" },
    element("title", {}, wordsOf(phase, now)),
    element("text", { class: "name", x: LABELS - 12, y: y + BAR - 3, "text-anchor": "end" }, phase.name),
    element("rect", {
      class: `bar ${phase.kind}`,
      x: fixed(start),
      y,
      width: fixed(width),
      height: BAR,
      rx: 3,
    }),
    isCut && element("path", { class: "goes-on", d: `M${fixed(end - 7)} ${y + 3}l5 4l-5 4` }),
    element(
      "text",
      {
        class: isInside ? "inside" : "note",
        x: fixed(isInside ? start + 8 : isRight ? start + width + 8 : start - 8),
        y: y + BAR - 3,
        "text-anchor": isInside || isRight ? "start" : "end",
      },
      shown,
    ),
  );
}

/** "drain a: 14 ms, 12 in flight". */
function wordsOf(phase: Phase, now: number): string {
  return `${phase.name}: ${lengthOf(phase, now)}${phase.about === "" ? "" : `, ${phase.about}`}`;
}

export function lengthOf({ from, until }: Phase, now: number): string {
  if (until === undefined) return `${duration(Math.max(0, now - from))} so far`;
  return until === from ? "at once" : duration(until - from);
}

function shorten(words: string, room: number): string {
  const letters = Math.floor(room / LETTER);
  return words.length <= letters ? words : `${words.slice(0, Math.max(1, letters - 1)).trimEnd()}…`;
}

function fixed(value: number): number {
  return Math.round(value * 10) / 10;
}
