import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadConfig } from "./load.ts";
import { OPTION_KEYS, optionOf, variableOf } from "./options.ts";
import { optionsHelp, optionsTable } from "./options-help.ts";
import { formatProblems } from "./problem.ts";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("docs/configuration.md has the table of the schema (else: node scripts/docs-tables.ts)", () => {
  const [, table] = /<!-- table: options -->\n([\s\S]*)\n<!-- end -->/.exec(page) ?? [];
  expect(table).toBe(optionsTable());
});

test("the table and --help have every option", () => {
  const help = optionsHelp(80);
  for (const key of OPTION_KEYS) {
    expect(optionsTable()).toContain(`\`${variableOf(key)}\``);
    expect(help).toMatch(new RegExp(`^ {2}--${key}(?: |$)`, "m"));
  }
});

test("--help fits the terminal, where words allow it", () => {
  for (const line of optionsHelp(80).split("\n")) {
    if (line.startsWith("      ")) expect(line.length).toBeLessThanOrEqual(80);
  }
});

test("no secret has a default that help would show", () => {
  for (const key of OPTION_KEYS) if (optionOf(key).secret) expect(optionOf(key).default).toBeUndefined();
});

test("the file of docs/configuration.md is a good one", async () => {
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const loaded = await loadConfig({
    argv: ["--config", "f"],
    env: {},
    readFile: () => Promise.resolve(yaml),
  });
  expect("problems" in loaded ? formatProblems(loaded.problems) : loaded.config).toMatchObject({
    graceMs: 60_000,
  });
});

test("the problems of docs/configuration.md are those that come", async () => {
  const [, shown] = /```\n(The configuration has[\s\S]*?)```/.exec(page) ?? [];
  const loaded = await loadConfig({
    argv: ["--drain-dealy", "5s", "--config", "sluice.yaml"],
    env: { SLUICE_HOLD_TIMEOUT: "5" },
    readFile: () => Promise.resolve("# sluice.yaml\ngates: [Consul]\n"),
  });
  expect("problems" in loaded && formatProblems(loaded.problems)).toBe(shown);
});
