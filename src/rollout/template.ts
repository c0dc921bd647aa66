// The owner's template beside the Pods: an upgrade in the Pod changes the Pods only, so that the next Pod would come with the old image.

import type { ApiClient } from "../cluster/api-client.ts";
import type { Owner } from "../cluster/objects.ts";
import { findSidecar } from "../cluster/sidecar-place.ts";
import { resourceOf, type Workload } from "../cluster/workload.ts";

export interface Drift {
  /** The container of the template in which the app starts. */
  readonly container: string;
  readonly image: string;
  /** A change of the template leaves the Pods alone. */
  readonly isQuiet: boolean;
}

/** In which container of the template the app starts, and with which image; undefined for a Pod, or where it cannot be told. */
export function templateOf({ kind, owner }: Workload, placeholder: string | undefined): Drift | undefined {
  if (!owner) return undefined;
  const { template, updateStrategy } = owner.spec;
  const place = findSidecar(template.spec);
  if ("problem" in place) return undefined;
  const slots = [...place.slots.values()];
  const container = template.spec.containers.find(
    ({ name, image }) => slots.includes(name) && image !== placeholder,
  );
  if (!container?.image) return undefined;
  const isQuiet = kind === "ReplicaSet" || updateStrategy?.type === "OnDelete";
  return { container: container.name, image: container.image, isQuiet };
}

/** Puts the image into the template; only where that leaves the Pods alone (`isQuiet`). */
export async function updateTemplate(
  client: ApiClient,
  workload: Workload,
  container: string,
  image: string,
): Promise<void> {
  const patch = { spec: { template: { spec: { containers: [{ name: container, image }] } } } };
  await client.patch(resourceOf(workload.kind, workload.namespace), workload.name, patch, "strategic-merge");
}

/** Why no upgrade should begin now: the owner is replacing Pods itself. */
export function rolloutProblem({ kind, title }: Workload, owner: Owner | undefined): string | undefined {
  if (!owner || kind !== "Deployment") return undefined;
  const { replicas = 0, updatedReplicas = 0, observedGeneration = 0 } = owner.status ?? {};
  const isBehind = observedGeneration < (owner.metadata.generation ?? 0);
  if (!isBehind && replicas === updatedReplicas) return undefined;
  return `${title} is being rolled out (${updatedReplicas} of ${replicas} Pods are from its present template): wait until it is done`;
}
