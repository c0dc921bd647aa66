// The form of files: names, sizes, import specifiers, no barrels, nothing unfinished.

import { basename } from "node:path/posix";
import { codeOf } from "./code.ts";
import { importsOf } from "./imports.ts";
import { isProduct, isTest, isTypeScript, namesWhatItForbids, type Rule } from "./source.ts";

const VAGUE = /(^|\/)_?(utils?|helpers?|common|misc|shared|lib)(\/|\.|$)/;

export const filesBearANoun: Rule = (sources) =>
  sources.filter(isTypeScript).flatMap(({ path }) => {
    if (VAGUE.test(path)) return [{ path, rule: "name", detail: "says nothing about what is inside" }];
    if (
      /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.fixture|(\.(cluster|image))?\.config|\.d)?\.ts$/.test(basename(path))
    )
      return [];
    return [{ path, rule: "name", detail: "is not kebab-case" }];
  });

const MOST_LINES = 250;

/** Files that may be longer, each with its reason. Short, and to be kept short. */
const LONGER: Readonly<Record<string, string>> = {
  "scripts/fixed-limits.ts": "one table with an entry for each limit that no option changes",
  "src/proxy/wire/client-connection.ts":
    "the order of one client's requests: every method reads and changes the same few marks",
  "src/config/options.ts": "the schema: one table with an entry for each option, no logic",
};

export function filesStaySmall(longer: Readonly<Record<string, string>> = LONGER): Rule {
  return (sources) =>
    sources
      .filter((source) => isTypeScript(source) && !isTest(source))
      .flatMap(({ path, text }) => {
        const lines = text.trimEnd().split("\n").length;
        if (lines > MOST_LINES && !longer[path]) {
          return [{ path, rule: "size", detail: `${lines} lines; above ${MOST_LINES} is a design question` }];
        }
        if (lines <= MOST_LINES && longer[path]) {
          return [{ path, rule: "size", detail: "is short enough: take it off the list of longer files" }];
        }
        return [];
      });
}

export const noBarrels: Rule = (sources) =>
  sources.filter(isProduct).flatMap((source) => {
    const { path } = source;
    if (basename(path) === "index.ts")
      return [{ path, rule: "barrel", detail: "index.ts is a barrel's name" }];
    if (!importsOf(source).some((one) => one.isExport)) return [];
    return [{ path, rule: "barrel", detail: "passes on what another file exports" }];
  });

export const relativeImportsNameTheFile: Rule = (sources) =>
  sources.filter(isTypeScript).flatMap((source) =>
    importsOf(source)
      .filter(({ specifier }) => specifier.startsWith(".") && !/\.(ts|js|mjs|json)$/.test(specifier))
      .map(({ specifier }) => ({
        path: source.path,
        rule: "import",
        detail: `${specifier} lacks its extension`,
      })),
  );

const MARKS = /\b(TODO|FIXME|XXX|HACK)\b/;
const SWITCHED_OFF = /\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(only|skip|todo|fails)\b/;
/** Files that may switch tests off, each with its reason. */
const MAY_SKIP: Readonly<Record<string, string>> = {
  "test/harness/browser.ts": "a browser that is not installed is skipped by name; .ci/run fails on a skip",
  "test/harness/tool.ts": "a tool that is not installed is skipped by name; .ci/run fails on a skip",
  "clients/testing/language.ts":
    "a language that is not installed is skipped by name; .ci/run fails on a skip",
};
const RETRIES = /\bretry\s*:\s*[1-9]/;

export const nothingIsUnfinished: Rule = (sources) =>
  sources
    .filter((source) => isTypeScript(source) && !namesWhatItForbids(source))
    .flatMap((source) => {
      const code = codeOf(source.text);
      const found = [
        ...(MARKS.exec(source.text) ?? []).slice(0, 1),
        ...(MAY_SKIP[source.path] ? [] : (SWITCHED_OFF.exec(code) ?? [])).slice(0, 1),
        ...(RETRIES.exec(code) ?? []).slice(0, 1),
      ];
      return found.map((what) => ({ path: source.path, rule: "unfinished", detail: what }));
    });
