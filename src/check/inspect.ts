// All checks over all workloads.

import type { ManifestFile } from "../manifest/documents.ts";
import { titleOf } from "../manifest/documents.ts";
import { CHECKS } from "./catalogue.ts";
import type { Facts } from "./facts.ts";
import { docsOf, type Finding } from "./finding.ts";
import { formatPath, lineOf } from "./place.ts";

export interface Inspection {
  readonly facts: Facts;
  readonly findings: readonly Finding[];
}

/** What the checks find, errors first; those whose ids are in `ignored` are left out. */
export function inspect(
  all: readonly Facts[],
  files: readonly ManifestFile[],
  ignored: ReadonlySet<string> = new Set(),
): readonly Inspection[] {
  const checks = CHECKS.filter(({ id }) => !ignored.has(id));
  return all.map((facts) => {
    const findings = checks.flatMap((check) =>
      check.find(facts).map(({ at, what, fix, severity }): Finding => {
        const line = lineOf(at, files);
        return {
          id: check.id,
          severity: severity ?? check.severity,
          object: titleOf(at.object),
          path: formatPath(at),
          file: line === undefined ? undefined : at.object.file,
          line,
          what,
          why: check.why,
          fix,
          docs: docsOf(check.id),
        };
      }),
    );
    const isError = ({ severity }: Finding) => severity === "error";
    return { facts, findings: [...findings.filter(isError), ...findings.filter((one) => !isError(one))] };
  });
}
