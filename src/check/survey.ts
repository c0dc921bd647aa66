// From objects to the facts of each workload among them.

import type { ManifestObject } from "../manifest/documents.ts";
import { at, numberOf, objectsOf, stringOf } from "../manifest/json-value.ts";
import { selects, serviceOf } from "../manifest/service.ts";
import { type Container, groupOf, type Workload, workloadOf } from "../manifest/workload.ts";
import { servingContainers, slotContainers } from "./apps.ts";
import type { ClusterVersion } from "./cluster-version.ts";
import type { Facts } from "./facts.ts";
import { matchesLabels } from "./label-selector.ts";
import { findSidecar, readSidecar } from "./sidecar.ts";

export interface Surroundings {
  readonly clusterVersion: ClusterVersion | undefined;
  /** Kinds that could not be looked for: their absence proves nothing. */
  readonly unseen: ReadonlySet<string>;
}

/** The facts of every workload among the objects, in their order; whoever knows its Pods adds them. */
export async function survey(
  objects: readonly ManifestObject[],
  around: Surroundings,
): Promise<readonly Facts[]> {
  const facts: Facts[] = [];
  for (const object of objects) {
    const workload = workloadOf(object);
    if (workload && !isOwnedByAnother(object, objects)) facts.push(await factsOf(workload, objects, around));
  }
  return facts;
}

/** As `kubectl get all -o yaml` prints them: the owner's template is what can be mended. */
function isOwnedByAnother({ value, namespace }: ManifestObject, objects: readonly ManifestObject[]): boolean {
  return objectsOf(at(value, "metadata", "ownerReferences"))
    .filter(({ controller }) => controller === true)
    .some(({ kind, name }) =>
      objects.some((one) => one.kind === kind && one.name === name && one.namespace === namespace),
    );
}

async function factsOf(
  workload: Workload,
  objects: readonly ManifestObject[],
  around: Surroundings,
): Promise<Facts> {
  const { namespace } = workload.object;
  // What leaves its namespace to whoever applies it goes where the others go.
  const isBeside = (object: ManifestObject) =>
    object.namespace === undefined || namespace === undefined || object.namespace === namespace;
  const services = objects.filter(isBeside).flatMap((object) => {
    const service = serviceOf(object);
    return service && selects({ ...service, object: { ...object, namespace } }, workload) ? [service] : [];
  });
  const selecting = (kind: string, group: string, field: string) =>
    around.unseen.has(kind)
      ? undefined
      : objects.filter(
          (object) =>
            object.kind === kind &&
            groupOf(object.apiVersion) === group &&
            isBeside(object) &&
            matchesLabels(at(object.value, "spec", field), workload.labels),
        );
  const found = findSidecar(workload);
  const sidecar =
    found && (await readSidecar(workload, found, configMapReader(workload, objects.filter(isBeside))));
  return {
    workload,
    sidecar,
    apps: sidecar ? slotContainers(workload, sidecar) : servingContainers(workload, services),
    services,
    replicas: leastReplicas(workload, objects.filter(isBeside)),
    budgets: selecting("PodDisruptionBudget", "policy", "selector"),
    policies: selecting("NetworkPolicy", "networking.k8s.io", "podSelector"),
    clusterVersion: around.clusterVersion,
    pods: undefined,
  };
}

function leastReplicas({ object }: Workload, objects: readonly ManifestObject[]): number | undefined {
  if (object.kind === "DaemonSet" || object.kind === "Pod") return undefined;
  const scaler = objects.find(
    ({ kind, value }) =>
      kind === "HorizontalPodAutoscaler" &&
      at(value, "spec", "scaleTargetRef", "kind") === object.kind &&
      at(value, "spec", "scaleTargetRef", "name") === object.name,
  );
  if (scaler) return numberOf(at(scaler.value, "spec", "minReplicas")) ?? 1;
  return numberOf(at(object.value, "spec", "replicas")) ?? 1;
}

/** Reads files that come from a ConfigMap among the objects. */
function configMapReader({ volumes }: Workload, objects: readonly ManifestObject[]) {
  return ({ value }: Container, path: string): string | undefined => {
    for (const mount of objectsOf(value.volumeMounts)) {
      const folder = stringOf(mount.mountPath) ?? "";
      const subPath = stringOf(mount.subPath);
      const file =
        subPath !== undefined && path === folder ? subPath : path.slice(folder.replace(/\/$/, "").length + 1);
      if (path !== folder && !path.startsWith(`${folder.replace(/\/$/, "")}/`)) continue;
      const volume = volumes.find(({ name }) => name === mount.name);
      const name = at(volume, "configMap", "name");
      const map = objects.find((object) => object.kind === "ConfigMap" && object.name === name);
      const text = stringOf(at(map?.value, "data", file));
      if (text !== undefined) return text;
    }
    return undefined;
  };
}
