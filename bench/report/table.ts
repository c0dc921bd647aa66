// Figures for people, on a terminal or in Markdown.

import { type Cell, type Line, linesOf } from "./cell.ts";
import type { BenchResult } from "./result.ts";

/** Marks figures of runs in which requests failed. */
const FAILED = "!";

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure with three digits, or whole. */
export function formatFigure(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function ratioCell(cell: Cell | undefined, isYardstick: boolean, unit: string): string {
  if (cell === undefined) return "–";
  const mark = cell.failedShare > 0 ? ` ${FAILED}` : "";
  if (isYardstick || cell.ratio === undefined) return `${formatFigure(cell.value)} ${unit}${mark}`;
  return `${cell.ratio.toFixed(2)}${mark}`;
}

function valueCell(cell: Cell | undefined): string {
  if (cell === undefined) return "–";
  return formatFigure(cell.value) + (cell.failedShare > 0 ? ` ${FAILED}` : "");
}

function layOut(
  title: string,
  result: BenchResult,
  lines: readonly Line[],
  cellText: (line: Line, peer: string) => string,
): Table {
  const unit = ({ row }: Line) => (row.as === "value" && row.unit !== "" ? `, ${row.unit}` : "");
  return {
    title,
    head: ["", ...result.peers.map((peer) => peer.title)],
    rows: lines.map((line) => [
      line.row.title + unit(line),
      ...result.peers.map(({ name }) => cellText(line, name)),
    ]),
  };
}

/** The ratios, and what is no ratio; a table that has no line is left out. */
export function tablesOf(result: BenchResult): Table[] {
  const lines = linesOf(result);
  const yardstick = result.peers.find(({ name }) => name === result.yardstick)?.title;
  const title =
    yardstick === undefined
      ? "CPU time per request"
      : `CPU time per request, as a ratio to ${yardstick} in the same round (${yardstick} itself: µs)`;
  return [
    layOut(
      title,
      result,
      lines.filter(({ row }) => row.as === "ratio"),
      ({ cells, row }, peer) => ratioCell(cells[peer], peer === result.yardstick, row.unit),
    ),
    layOut(
      "Times, memory and losses",
      result,
      lines.filter(({ row }) => row.as === "value"),
      ({ cells }, peer) => valueCell(cells[peer]),
    ),
  ].filter(({ rows }) => rows.length > 0);
}

/** How many requests failed, and who was not measured: each a sentence. */
export function notesOf({ cases, absences, peers }: BenchResult): string[] {
  const titles = new Map(peers.map(({ name, title }) => [name, title]));
  const failures = cases.flatMap(({ name, rounds }) =>
    peers.flatMap((peer) => {
      const sum = (key: string) => rounds.reduce((total, round) => total + (round[peer.name]?.[key] ?? 0), 0);
      const failed = sum("failed");
      return failed === 0
        ? []
        : [`${FAILED} ${name}, ${peer.title}: ${failed} of ${sum("requests")} requests failed`];
    }),
  );
  const told = absences.map((one) => `– ${one.case}, ${titles.get(one.peer) ?? one.peer}: ${one.reason}`);
  return [...failures, ...new Set(told)];
}

/** Columns for a terminal. */
export function plainText({ title, head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const text = all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
  return [title, ...text].join("\n");
}

export function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `${title}:`,
    "",
    line(head),
    line(head.map((_, at) => (at === 0 ? "---" : "---:"))),
    ...rows.map(line),
  ].join("\n");
}
