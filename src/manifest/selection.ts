// Objects chosen by name on the command line.

import type { ManifestObject } from "./documents.ts";

/** Whether one of the names (`NAME`, `KIND/NAME`; the kind in any case) is the object's; none chooses all. */
export function isNamed(
  { kind, name }: Pick<ManifestObject, "kind" | "name">,
  only: readonly string[],
): boolean {
  if (only.length === 0) return true;
  return only.some((one) => one === name || one.toLowerCase() === `${kind}/${name}`.toLowerCase());
}
