// What a verb that changes manifests prints: the manifests on stdout, the report on stderr.

import type { Told } from "../manifest/account.ts";
import type { ManifestText } from "../manifest/documents.ts";
import type { Outcome } from "../manifest/outcome.ts";
import { DONE, REFUSED } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** Returns the exit code. After a refusal nothing goes to stdout: half a stream is worse than none. */
export function printOutcome({ texts, told }: Outcome, nothing: string, terminal: Terminal): number {
  const { name, paint } = terminal;
  const refusals = told.flatMap(({ file, line, title, refused }) =>
    refused.map((reason) => `${paint.red(`${name}:`)} ${file}:${line}: ${title}: ${reason}\n`),
  );
  if (refusals.length > 0) {
    terminal.err(`${refusals.join("")}Nothing was written.\n`);
    return REFUSED;
  }
  const lines = report(told, terminal);
  terminal.err(lines === "" ? `${nothing}\n` : lines);
  terminal.out(joined(texts));
  return DONE;
}

/** The objects in the order in which they were first spoken of; `+` what was done, `!` what is left to know or do. */
function report(told: readonly Told[], { paint }: Terminal): string {
  const byObject = new Map<string, string[]>();
  for (const { title, file, line, done, notes } of told) {
    const lines = [
      ...done.map((text) => `  ${paint.green("+")} ${text}\n`),
      ...notes.map((text) => `  ${paint.yellow("!")} ${text}\n`),
    ];
    const head = `${paint.bold(title)} (${file}:${line})\n`;
    if (lines.length > 0) byObject.set(head, [...(byObject.get(head) ?? []), ...lines]);
  }
  return [...byObject].map(([head, lines]) => head + lines.join("")).join("");
}

/** One stream; documents of two files are kept apart. */
function joined(texts: readonly ManifestText[]): string {
  return texts.reduce((stream, { text }) => {
    if (stream === "" || text === "") return stream + text;
    const ended = stream.endsWith("\n") ? stream : `${stream}\n`;
    const isApart = /^(---|\{)/.test(text) || /(^|\n)---\n$/.test(ended);
    return ended + (isApart ? "" : "---\n") + text;
  }, "");
}
