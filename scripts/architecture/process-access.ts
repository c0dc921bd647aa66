// The process (argv, env, exit, signals) is touched by the programs only; the rest gets what it needs as arguments.

import { codeOf } from "./code.ts";
import { importsOf } from "./imports.ts";
import { isProduct, type Rule } from "./source.ts";

const ALLOWED: Readonly<Record<string, string>> = {
  "src/main.ts": "the sidecar's program",
  "src/start.ts": "starts the sidecar's bundle in its image",
  "src/cli/main.ts": "the CLI's program",
  "src/cli/run.ts": "starts the sidecar's program in this process",
  "src/telemetry/process-figures.ts": "reads the process's own figures for /metrics",
};

export const onlyProgramsTouchTheProcess: Rule = (sources) =>
  sources.filter(isProduct).flatMap((source) => {
    if (ALLOWED[source.path]) return [];
    const imported = importsOf(source).some((one) => !one.isType && /^(node:)?process$/.test(one.specifier));
    // A property called process (`snapshot.process`, `{ process }`) is not the process.
    const used = /(?<![.\w$])process\s*(\.|\?\.|\[)/.test(withoutLocalNames(codeOf(source.text)));
    if (!imported && !used) return [];
    return [
      { path: source.path, rule: "process", detail: "touches process; take what is needed as an argument" },
    ];
  });

/** A file that destructures or declares a name `process` of its own means that one. */
function withoutLocalNames(code: string): string {
  return /[{,]\s*process\s*[,}]|\b(const|let)\s+process\b/.test(code) ? "" : code;
}
