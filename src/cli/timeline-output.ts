// How stories leave the command line: on the terminal, or as one file.

import { SluiceError } from "../errors.ts";
import type { Story } from "../story/story.ts";
import { storyText } from "../story/story-text.ts";
import { type Told, timelineHtml, timelineSvg } from "../story/timeline-report.ts";
import { choose } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

const FORMATS = ["text", "json", "html", "svg"] as const;
export type Format = (typeof FORMATS)[number];
/** What is a FILE and no WORKLOAD. */
export const FILE = /\.(txt|json|html|svg)$/i;

/** Throws USAGE. */
export function formatOf(output: string | undefined, file: string | undefined): Format {
  const told = file === undefined ? undefined : FILE.exec(file)?.[1]?.toLowerCase().replace("txt", "text");
  const format = choose("--output", output ?? told, FORMATS);
  if (told !== undefined && told !== format)
    throw new SluiceError("USAGE", `--output ${format} does not go into ${file}`);
  return format;
}

export function write(
  told: readonly Told[],
  workload: string | undefined,
  format: Format,
  terminal: Terminal,
): string {
  const title = workload === undefined ? "Timeline of sluice" : `Timeline of ${workload}`;
  if (format === "html") return timelineHtml(title, told, new Date().toISOString());
  if (format === "svg") return timelineSvg(title, told);
  if (format === "json")
    return `${JSON.stringify({
      workload,
      pods: told.map(({ name, stories, problem, now }) => ({ pod: name, nowMs: now, problem, stories })),
    })}\n`;
  if (told.length === 0) return `${workload} has no Pods.\n`;
  return told
    .map(({ name, stories, now, problem }) => {
      const head = headOf(name, terminal);
      if (problem !== undefined) return `${head}${terminal.paint.red(problem)}\n`;
      if (stories.length === 0) return `${head}Nothing was switched, and nothing has stopped yet.\n`;
      return head + stories.map((story) => textOf(story, now, terminal)).join("\n");
    })
    .join("\n");
}

export function headOf(name: string | undefined, { paint }: Terminal): string {
  return name === undefined ? "" : `${paint.bold(name)}\n`;
}

export function textOf(story: Story, now: number, { columns, paint }: Terminal): string {
  return storyText(story, now, columns, paint);
}

/** Onto the terminal if there is no file. Throws USAGE where it cannot be written. */
export async function hand(text: string, file: string | undefined, terminal: Terminal): Promise<void> {
  if (file === undefined) {
    terminal.out(text);
    return;
  }
  const { writeFile } = await import("node:fs/promises");
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new SluiceError(
      "USAGE",
      `${file} cannot be written: ${error instanceof Error ? error.message : error}`,
    );
  }
  terminal.err(`${file} is written.\n`);
}
