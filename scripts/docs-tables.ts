// The tables of docs/ that list what the code has. `node scripts/docs-tables.ts` writes them anew; test/docs.test.ts fails
// when one of them has fallen behind.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "../src/check/catalogue.ts";
import { flagOf, OPTION_KEYS, optionOf } from "../src/config/options.ts";
import { optionsTable } from "../src/config/options-help.ts";
import { CATALOGUE } from "../src/errors.ts";
import { EVENT_TYPES } from "../src/telemetry/event-types.ts";
import { METRICS } from "../src/telemetry/metric-catalogue.ts";
import { fixedLimitRows } from "./fixed-limits.ts";

const ROOT = join(import.meta.dirname, "..");

/** Options of other groups that are limits as well. */
const MORE_LIMITS: ReadonlySet<string> = new Set([
  "hold-max",
  "hold-timeout",
  "replay-body",
  "probe-timeout",
  "probe-failures",
]);

/** By name; a page says `<!-- table: NAME -->`, the table follows, and `<!-- end -->` closes it. */
export const TABLES: Readonly<Record<string, { readonly page: string; readonly render: () => string }>> = {
  options: { page: "docs/configuration.md", render: optionsTable },
  limits: {
    page: "docs/limits.md",
    render: () =>
      table(
        ["limit", "default", "option"],
        OPTION_KEYS.map((key) => ({ key, ...optionOf(key) }))
          .filter(({ key, group }) => group === "Limits" || group === "Stopping" || MORE_LIMITS.has(key))
          .map(({ key, meaning, default: text }) => [meaning, text ?? "unset", code(flagOf(key))]),
      ),
  },
  "fixed-limits": {
    page: "docs/limits.md",
    render: () => table(["value", "limit", "where"], fixedLimitRows(ROOT)),
  },
  metrics: {
    page: "docs/metrics.md",
    render: () =>
      table(
        ["metric", "type", "labels", "meaning"],
        Object.entries(METRICS).map(([name, { type, labels, help }]) => [
          code(name),
          type,
          labels.map(code).join(", "),
          help,
        ]),
      ),
  },
  errors: {
    page: "docs/errors.md",
    render: () =>
      table(
        ["code", "status", "meaning"],
        Object.entries(CATALOGUE).map(([name, { status, meaning }]) => [code(name), String(status), meaning]),
      ),
  },
  checks: {
    page: "docs/checks.md",
    render: () =>
      table(
        ["check", "severity", "what it finds"],
        CHECKS.map(({ id, severity, title, live }) => [
          `[${id}](#${id})`,
          severity,
          `${title}${live ? " (live Pods)" : ""}`,
        ]),
      ),
  },
  events: {
    page: "docs/events.md",
    render: () =>
      table(
        ["event", "level", "meaning"],
        Object.entries(EVENT_TYPES).map(([name, { level, meaning }]) => [code(name), level, meaning]),
      ),
  },
};

/** The text of a page with all its tables as they should be. Throws if it asks for one that is not known. */
export function withTables(text: string): string {
  return text.replace(/(<!-- table: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (_all, begin, name, end) => {
    const found = TABLES[name];
    if (!found) throw new Error(`there is no table ${name}`);
    return `${begin}${found.render()}\n${end}`;
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) {
  for (const { page } of Object.values(TABLES)) {
    const path = join(ROOT, page);
    if (existsSync(path)) writeFileSync(path, withTables(readFileSync(path, "utf8")));
  }
}
