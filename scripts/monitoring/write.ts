// `node scripts/monitoring/write.ts`: writes what in k8s/monitoring is made from something else. test/monitoring.test.ts fails when
// one of them has fallen behind.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dashboard } from "./dashboard.ts";
import { prometheusRule } from "./prometheus-rule.ts";

export const MONITORING = join(import.meta.dirname, "../../k8s/monitoring");

/** By file name, its text as it should be. */
export function madeFiles(): Readonly<Record<string, string>> {
  return {
    "prometheus-rule.yaml": prometheusRule(readFileSync(join(MONITORING, "rules.yaml"), "utf8")),
    "dashboard.json": `${formatted(dashboard())}\n`,
  };
}

/** As the formatter of this repository has it: a list of one plain value stands on its line. */
function formatted(value: object): string {
  return JSON.stringify(value, null, 2).replaceAll(/\[\n\s+("[^"\n]*"|\d+)\n\s+\]/g, "[$1]");
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(madeFiles())) writeFileSync(join(MONITORING, name), text);
}
