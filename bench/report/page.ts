// The last figures in a document, between two marks.

import type { BenchResult } from "./result.ts";
import { markdown, notesOf, tablesOf } from "./table.ts";

const BEGIN = "<!-- figures of the bench -->";
const END = "<!-- end of the figures -->";

/** What was measured, where and how, and the tables. */
export function figuresOf(result: BenchResult): string {
  const { date, command, machine, versions, pace, rounds } = result;
  return [
    `${date.slice(0, 10)}, \`${command}\`: ${rounds === 1 ? "one round" : `${rounds} rounds, medians`}; ${pace.seconds} s after ${pace.warmUpSeconds} CPU seconds of warm-up. ${machine}.`,
    `${versions.join(", ")}.`,
    ...tablesOf(result).map(markdown),
    ...(notesOf(result).length > 0
      ? [
          notesOf(result)
            .map((note) => `- ${note}`)
            .join("\n"),
        ]
      : []),
  ].join("\n\n");
}

/** The page with the figures of this run. Throws RangeError if it has no place for them. */
export function withFigures(page: string, figures: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new RangeError(`the page has no "${BEGIN}" followed by "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n${figures}\n${page.slice(end)}`;
}
