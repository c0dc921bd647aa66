// `--only [KIND/]NAME,...` of the verbs that change manifests.

import { SluiceError } from "../errors.ts";
import { type ManifestObject, titleOf } from "../manifest/documents.ts";
import { isNamed } from "../manifest/selection.ts";

export function onlyOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").filter((name) => name !== "");
}

/** Throws USAGE for a name that none of the objects has: a slip of the hand would leave the workload without sluice. */
export function demandNamed(
  only: readonly string[],
  objects: readonly ManifestObject[],
  what: "workload" | "workload or Service",
): void {
  const unknown = only.find((name) => !objects.some((object) => isNamed(object, [name])));
  if (unknown === undefined) return;
  const there = [...new Set(objects.map(titleOf))].join(", ");
  throw new SluiceError(
    "USAGE",
    `--only ${unknown}: no ${what} of that name; there ${there === "" ? "is none" : `is ${there}`}`,
  );
}
