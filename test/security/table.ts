// `node test/security/table.ts` writes the tables of docs/security-tests.md from the corpus; table.test.ts fails when they have
// fallen behind.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BROKEN_BODIES, BROKEN_HEADS, HARMLESS, STANDARD_FORGIVES } from "./answer-corpus.ts";
import type { Attack, Outcome } from "./attack.ts";
import { CHAPTERS } from "./attacks/corpus.ts";

export const PAGE = join(import.meta.dirname, "../../docs/security-tests.md");
const BEGIN = "<!-- corpus -->\n";
const END = "<!-- end of corpus -->";

function saying(outcome: Outcome): string {
  switch (outcome.kind) {
    case "refused":
      return outcome.codes.join(" or ");
    case "passed":
      return "one meaning: passed on";
    case "either":
      return "passed on or refused, wholly";
  }
}

function row({ reference, what, outcome, standard }: Attack): string {
  const forgiven = standard ? `; standard engine: ${saying(standard.outcome)} (${standard.because})` : "";
  return `| ${reference} | ${what.replaceAll("|", "\\|")} | ${saying(outcome)}${forgiven} |`;
}

const HEAD = "| reference | test | outcome |\n|---|---|---|";

/** The tables, as Markdown. */
function render(): string {
  const chapters = CHAPTERS.map(
    ({ form, attacks }) => `### ${form}\n\n${HEAD}\n${attacks.map(row).join("\n")}\n`,
  );
  const answers = [
    ...BROKEN_HEADS.map(([reference, what]) => {
      const forgiven = STANDARD_FORGIVES.has(what) ? "; standard engine: passed on with a clean head" : "";
      return `| ${reference} | ${what} | APP_MALFORMED (502)${forgiven} |`;
    }),
    ...BROKEN_BODIES.map(([reference, what]) => `| ${reference} | ${what} | cut, never ended |`),
    ...HARMLESS.map(([reference, what]) => `| ${reference} | ${what} | one answer |`),
  ];
  return `${[...chapters, `### answer splitting\n\n${HEAD}\n${answers.join("\n")}\n`].join("\n")}`;
}

export function withTables(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error("the page lacks its marks");
  return `${before}${BEGIN}${render()}${END}${after}`;
}

if (import.meta.main) writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8")));
