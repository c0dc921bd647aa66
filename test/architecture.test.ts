import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf } from "../scripts/architecture/code.ts";
import { importsOf } from "../scripts/architecture/imports.ts";
import { readSources } from "../scripts/architecture/source.ts";
import { checkArchitecture } from "../scripts/check-architecture.ts";

test("the repository keeps the rules of the house", () => {
  const sources = readSources(join(import.meta.dirname, ".."));
  expect(sources.map(({ path }) => path)).toContain("src/errors.ts");
  expect(checkArchitecture(sources)).toEqual([]);
});

/** The rules that a repository breaks which has these files. */
function broken(files: Readonly<Record<string, string>>): string[] {
  return checkArchitecture(Object.entries(files).map(([path, text]) => ({ path, text }))).map(
    ({ path, rule }) => `${rule} ${path}`,
  );
}

const lines = (count: number): string => "const x = 1;\n".repeat(count);

test.each<[string, string, Readonly<Record<string, string>>]>([
  [
    "proxy imports health",
    "rooms src/proxy/x.ts",
    { "src/proxy/x.ts": 'import { a } from "../health/y.ts";' },
  ],
  [
    "proxy imports drain with a type inside braces, which stays at run time",
    "rooms src/proxy/x.ts",
    { "src/proxy/x.ts": 'import { type A } from "../drain/y.ts";' },
  ],
  [
    "drain imports proxy over several lines",
    "rooms src/drain/x.ts",
    { "src/drain/x.ts": 'import {\n  a,\n  b,\n} from "../proxy/standard/y.ts";' },
  ],
  [
    "health loads proxy late",
    "rooms src/health/x.ts",
    { "src/health/x.ts": 'await import("../proxy/y.ts");' },
  ],
  [
    "a room imports the wiring",
    "rooms src/api/x.ts",
    { "src/api/x.ts": 'import { a } from "../sidecar.ts";' },
  ],
  [
    "the lifecycle imports a type",
    "rooms src/lifecycle/x.ts",
    { "src/lifecycle/x.ts": 'import type { A } from "../errors.ts";' },
  ],
  [
    "the lifecycle imports node",
    "rooms src/lifecycle/x.ts",
    { "src/lifecycle/x.ts": 'import { a } from "node:fs";' },
  ],
  [
    "proxy imports what only the API may",
    "rooms src/proxy/x.ts",
    { "src/proxy/x.ts": 'import { a } from "../health/handshake.ts";' },
  ],
  [
    "a leaf imports a room",
    "leaf src/config/duration.ts",
    { "src/config/duration.ts": 'import { a } from "./options.ts";' },
  ],
  [
    "the product imports a test",
    "product src/sidecar.ts",
    { "src/sidecar.ts": 'import { a } from "../test/a.ts";' },
  ],
  [
    "the sidecar loads the CLI by way of another file",
    "sidecar src/cli/table.ts",
    {
      "src/main.ts": 'import { a } from "./sidecar.ts";',
      "src/sidecar.ts": 'import { b } from "./cli/table.ts";',
      "src/cli/table.ts": "export const b = 1;",
    },
  ],
  [
    "the sidecar loads pino-pretty",
    "sidecar src/telemetry/pretty.ts",
    {
      "src/main.ts": 'import { a } from "./telemetry/pretty.ts";',
      "src/telemetry/pretty.ts": 'import { b } from "pino-pretty";',
    },
  ],
  [
    "a vendor enters twice, once for a type",
    "vendor src/proxy/b.ts",
    {
      "src/proxy/a.ts": 'import { A } from "undici";',
      "src/proxy/b.ts": 'import type { A } from "undici/types";',
    },
  ],
  [
    "a room reads the environment",
    "process src/health/x.ts",
    { "src/health/x.ts": "const a = process.env.A;" },
  ],
  [
    "a room imports process",
    "process src/proxy/x.ts",
    { "src/proxy/x.ts": 'import { env } from "node:process";' },
  ],
  ["a file of odds and ends", "name src/proxy/utils.ts", { "src/proxy/utils.ts": "" }],
  ["a folder of odds and ends", "name src/common/x.ts", { "src/common/x.ts": "" }],
  ["a name in camelCase", "name src/proxy/headRules.ts", { "src/proxy/headRules.ts": "" }],
  ["a long file", "size src/proxy/x.ts", { "src/proxy/x.ts": lines(251) }],
  [
    "a file on the list that is not long",
    "size src/config/options.ts",
    { "src/config/options.ts": lines(20) },
  ],
  ["a barrel by its name", "barrel src/proxy/index.ts", { "src/proxy/index.ts": "export const a = 1;" }],
  ["a barrel by what it does", "barrel src/proxy/all.ts", { "src/proxy/all.ts": 'export * from "./a.ts";' }],
  [
    "an import without its extension",
    "import src/proxy/x.ts",
    { "src/proxy/x.ts": 'import { a } from "./y";' },
  ],
  ["a mark of unfinished work", "unfinished src/x.ts", { "src/x.ts": "// TODO: count it" }],
  ["a test that runs alone", "unfinished src/x.test.ts", { "src/x.test.ts": 'test.only("a", () => {});' }],
  [
    "a test that is switched off",
    "unfinished src/x.test.ts",
    { "src/x.test.ts": 'describe.concurrent.skip("a", f);' },
  ],
  [
    "a test that may fail twice",
    "unfinished src/x.test.ts",
    { "src/x.test.ts": 'test("a", { retry: 2 }, f);' },
  ],
  ["a folder of one machine", "place docs/x.md", { "docs/x.md": "cd /home/someone/sluice" }],
  [
    "a host of a registry",
    "place .ci/run",
    { ".ci/run": `curl https://${["registry", "npmjs", "org"].join(".")}/undici` },
  ],
])("is found: %s", (_name, expected, files) => {
  expect(broken(files)).toContain(expected);
});

test("is allowed: types across rooms, errors, leaves, tests that wire rooms, one entry for each vendor", () => {
  expect(
    broken({
      "src/proxy/a.ts": [
        'import type { Ticket } from "../drain/tickets.ts";',
        'import { SluiceError } from "../errors.ts";',
        'import { parseDuration } from "../config/duration.ts";',
        'import { request } from "undici";',
      ].join("\n"),
      "src/proxy/a.test.ts":
        'import { createTickets } from "../drain/tickets.ts";\nimport { request } from "undici";',
      "src/sidecar.ts": 'import { a } from "./proxy/a.ts";\nimport { b } from "./health/b.ts";',
      "src/main.ts": 'import { a } from "./sidecar.ts";\nprocess.exitCode = 1;',
      "src/cli/loadtest.ts": 'import { run } from "../../loadtest/run.ts";',
      "src/api/x.ts": 'import { parse } from "../health/handshake.ts";',
      "src/health/probe.ts": 'snapshot.process.rss;\nconst text = "process.env";\n// process.env',
      "src/telemetry/x.ts": "const { process } = snapshot;\nprocess.rss;",
    }),
  ).toEqual([]);
});

test("code is found without comments, strings, templates and regular expressions", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a template
  const text = 'a("b // c"); // d\nconst e = `f ${g(`h`)} i`; /* j */ k = l / m / n; o = /[/"]p\\//.test(q);';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
  const code = 'a(" "); \nconst e = ` ${g(` `)} `; k = l / m / n; o = / /.test(q);';
  expect(codeOf(text).replaceAll(/ +/g, " ")).toBe(code);
  expect(codeOf(text).length).toBe(text.length);
});

test("imports are found in every form, and not in strings", () => {
  const text = [
    'import "./side.ts";',
    'import a, { b } from "./b.ts";',
    'import * as c from "node:fs";',
    'import type { D } from "@scope/d/deep";',
    'export type { E } from "./e.ts";',
    'const later = () => import("./f.ts");',
    "const text = `",
    'import { g } from "./g.ts";',
    "`;",
  ].join("\n");
  const found = importsOf({ path: "src/x.ts", text }).map((one) => [
    one.specifier,
    one.isType ? "type" : "value",
  ]);
  expect(found).toEqual([
    ["./side.ts", "value"],
    ["./b.ts", "value"],
    ["node:fs", "value"],
    ["@scope/d/deep", "type"],
    ["./e.ts", "type"],
    ["./f.ts", "value"],
  ]);
});
