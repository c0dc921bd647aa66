// A story for a terminal.

import { axisOf, lengthOf } from "../picture/phase-chart.ts";
import { duration } from "../picture/scale.ts";
import type { Phase, PhaseKind, Story } from "./story.ts";
import { trafficTable, verdictOf } from "./traffic-table.ts";

export interface Ink {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** `columns`: of the terminal; `now`: the newest moment that is known of sluice. */
export function storyText(story: Story, now: number, columns: number, ink: Ink): string {
  const { from, to } = axisOf(story, now);
  const names = Math.max(...story.phases.map(({ name }) => name.length), 9);
  const lengths = Math.max(...story.phases.map((phase) => lengthOf(phase, now).length), 7);
  const room = Math.max(20, Math.min(60, columns - names - lengths - 30));
  const place = (at: number) => Math.round(((Math.min(Math.max(at, from), to) - from) / (to - from)) * room);
  const bars = story.phases.map((phase) => {
    const drawn = barOf(phase, place, room, now, to);
    const length = lengthOf(phase, now).padStart(lengths);
    return `  ${phase.name.padEnd(names)}  ${paintOf(phase.kind, ink)(drawn)}  ${length}  ${ink.dim(phase.about)}`.trimEnd();
  });
  const end = story.until === undefined ? "and goes on" : `${duration(story.until - story.from)} in all`;
  const limit =
    story.deadline === undefined
      ? ""
      : `, the deadline was ${duration(story.deadline - story.from)} after its beginning`;
  const verdict = verdictOf(story);
  return [
    `${ink.bold(story.title)}${story.why === "" ? "" : `: ${story.why}`}`,
    ink.dim(`from ${story.time}, ${end}${limit}`),
    "",
    `  ${" ".repeat(names)}  ${ink.dim(axisText(to - from, room))}`,
    ...bars,
    ...tableLines(story, ink),
    "",
    (verdict.ok ? ink.green : ink.red)(verdict.words),
    "",
  ].join("\n");
}

function axisText(span: number, room: number): string {
  const left = "0";
  const right = duration(span);
  const middle = duration(span / 2);
  const half = Math.floor(room / 2);
  const begin = left.padEnd(Math.max(1, half - Math.floor(middle.length / 2))) + middle;
  return begin.padEnd(Math.max(begin.length + 1, room - right.length)) + right;
}

function barOf(
  { from, until }: Phase,
  place: (at: number) => number,
  room: number,
  now: number,
  to: number,
): string {
  const start = Math.min(place(from), room - 1);
  const end = Math.max(place(until ?? now), start + 1);
  const isInstant = until === from;
  const body = isInstant ? "│" : "█".repeat(end - start);
  const goesOn = (until ?? now) > to || until === undefined;
  const bar = goesOn ? `${body.slice(0, -1)}▶` : body;
  return " ".repeat(start) + bar + " ".repeat(Math.max(0, room - start - bar.length));
}

function paintOf(kind: PhaseKind, ink: Ink): (text: string) => string {
  if (kind === "switch" || kind === "handshake") return ink.green;
  if (kind === "hold" || kind === "drain" || kind === "last-call") return ink.yellow;
  if (kind === "cut") return ink.red;
  return kind === "commit" || kind === "lame-duck" ? ink.dim : (text) => text;
}

function tableLines(story: Story, ink: Ink): string[] {
  const table = trafficTable(story);
  if (!table) return [];
  const all = [table.heads, ...table.rows];
  const widths = table.heads.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("   "),
  );
  return ["", ...lines.map((line, index) => `  ${index === 0 ? ink.dim(line) : line}`)];
}
