// Takes sluice out of manifests again, by the note that `inject` left in them.

import { openAccount } from "./account.ts";
import { type ManifestObject, type Manifests, titleOf } from "./documents.ts";
import { SIDECAR } from "./inject-options.ts";
import type { JsonObject } from "./json-value.ts";
import { isSealed, unseal } from "./note.ts";
import { type Outcome, outcomeOf, withPath } from "./outcome.ts";
import { isNamed } from "./selection.ts";
import { serviceOf } from "./service.ts";
import { workloadOf } from "./workload.ts";

/** Restores what `inject` changed; what others have changed since stays. `only` names workloads and Services; empty: all. */
export function uninject(manifests: Manifests, only: readonly string[]): Outcome {
  const changed = new Map<ManifestObject, JsonObject>();
  const told = manifests.objects
    .filter((object) => isNamed(object, only))
    .map((object) => {
      const { account, told } = openAccount({ title: titleOf(object), file: object.file, line: object.line });
      const workload = workloadOf(object);
      if (!workload && !serviceOf(object)) return told();
      const sealed = workload ? workload.template : object.value;
      if (!isSealed(sealed)) {
        const all = workload ? [...workload.initContainers, ...workload.containers] : [];
        if (all.some(({ name }) => name === SIDECAR)) {
          account.note(`left alone: its container ${SIDECAR} was not put there by \`inject\``);
        }
        return told();
      }
      const original = unseal(sealed);
      if (!original) {
        account.refuse("its annotation sluice/injected cannot be read: take the original manifest");
        return told();
      }
      account.did(
        workload ? "sluice taken out, and what it had replaced put back" : "its ports lead to the app again",
      );
      for (const path of original.missed) account.note(`${path} could not be put back: its place is gone`);
      changed.set(
        object,
        workload ? withPath(object.value, workload.templatePath, original.value) : original.value,
      );
      return told();
    });
  return outcomeOf(manifests, changed, told);
}
