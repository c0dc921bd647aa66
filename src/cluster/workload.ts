// WORKLOAD as people write it, the object behind it, and the Pods that are its own.

import { SluiceError } from "../errors.ts";
import type { ApiClient, Selection } from "./api-client.ts";
import { ApiRefusal, isNotFound } from "./failure.ts";
import { type Metadata, type Owner, type Pod, selectorText } from "./objects.ts";
import type { Resource } from "./resource.ts";

export type Kind = "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "CloneSet" | "Pod";

export interface WorkloadName {
  /** Undefined: whatever kind there is of that name. */
  readonly kind: Kind | undefined;
  readonly name: string;
}

export interface Workload {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string;
  /** "deployment/web". */
  readonly title: string;
  /** Undefined for a Pod that stands for itself. */
  readonly owner: Owner | undefined;
  /** Which Pods to list and to watch. */
  readonly selection: Selection;
  /** Whether a Pod that was selected is the workload's own. */
  readonly isOwn: (pod: Pod) => boolean;
}

interface KindEntry {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** As kubectl knows them. */
  readonly aliases: readonly string[];
}

const KINDS: Readonly<Record<Kind, KindEntry>> = {
  Deployment: {
    group: "apps",
    version: "v1",
    resource: "deployments",
    aliases: ["deployment", "deployments", "deploy"],
  },
  StatefulSet: {
    group: "apps",
    version: "v1",
    resource: "statefulsets",
    aliases: ["statefulset", "statefulsets", "sts"],
  },
  DaemonSet: {
    group: "apps",
    version: "v1",
    resource: "daemonsets",
    aliases: ["daemonset", "daemonsets", "ds"],
  },
  ReplicaSet: {
    group: "apps",
    version: "v1",
    resource: "replicasets",
    aliases: ["replicaset", "replicasets", "rs"],
  },
  CloneSet: {
    group: "apps.kruise.io",
    version: "v1alpha1",
    resource: "clonesets",
    aliases: ["cloneset", "clonesets"],
  },
  Pod: { group: "", version: "v1", resource: "pods", aliases: ["pod", "pods", "po"] },
};
/** In which order a bare name is looked up. */
const BARE: readonly Kind[] = ["Deployment", "StatefulSet", "DaemonSet", "Pod"];

export function podsOf(namespace: string): Resource {
  return { group: "", version: "v1", resource: "pods", namespace };
}

export function resourceOf(kind: Kind, namespace: string): Resource {
  const { group, version, resource } = KINDS[kind];
  return { group, version, resource, namespace };
}

/** Throws USAGE. */
export function parseWorkload(text: string): WorkloadName {
  const [first = "", second, ...more] = text.split("/");
  const name = second ?? first;
  if (more.length > 0 || !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name) || name.length > 253) {
    throw new SluiceError(
      "USAGE",
      `WORKLOAD is KIND/NAME or NAME, such as deployment/web, not ${JSON.stringify(text)}`,
    );
  }
  if (second === undefined) return { kind: undefined, name };
  // deployment.apps/web is how kubectl prints it.
  const word = first.toLowerCase().split(".")[0] ?? "";
  const found = (Object.keys(KINDS) as Kind[]).find((kind) => KINDS[kind].aliases.includes(word));
  if (!found) {
    const known = Object.values(KINDS).map(({ aliases }) => aliases[0]);
    throw new SluiceError(
      "USAGE",
      `${first} is no kind of workload that has Pods to upgrade: ${known.join(", ")}`,
    );
  }
  return { kind: found, name };
}

/** Rejects with ApiRefusal NotFound where there is none, USAGE where a bare name means several. */
export async function findWorkload(
  client: ApiClient,
  { kind, name }: WorkloadName,
  namespace: string,
): Promise<Workload> {
  if (kind) return describe(kind, await client.get(resourceOf(kind, namespace), name), namespace);
  const found = (
    await Promise.all(
      BARE.map(async (one) => {
        const object = await getIfThere(client, one, name, namespace);
        return object ? [{ kind: one, object }] : [];
      }),
    )
  ).flat();
  const [only, another] = found;
  if (only && another) {
    const titles = found.map((one) => titleOf(one.kind, name));
    throw new SluiceError(
      "USAGE",
      `${name} is ambiguous in namespace ${namespace}: say ${titles.join(" or ")}`,
    );
  }
  if (only) return describe(only.kind, only.object, namespace);
  throw new ApiRefusal(
    404,
    "NotFound",
    `there is no ${BARE.map((one) => one.toLowerCase()).join(", ")} ${name} in namespace ${namespace}`,
  );
}

type Found = Owner | Pod;

async function getIfThere(
  client: ApiClient,
  kind: Kind,
  name: string,
  namespace: string,
): Promise<Found | undefined> {
  try {
    return await client.get<Found>(resourceOf(kind, namespace), name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function describe(kind: Kind, object: Found, namespace: string): Workload {
  const { name } = object.metadata;
  const common = { kind, name, namespace, title: titleOf(kind, name) };
  if (kind === "Pod") {
    return {
      ...common,
      owner: undefined,
      selection: { fieldSelector: `metadata.name=${name}` },
      isOwn: () => true,
    };
  }
  const owner = object as Owner;
  const controller = (pod: Pod) => controllerOf(pod.metadata);
  // A Deployment owns its Pods through ReplicaSets, which are named after it.
  const isOwn =
    kind === "Deployment"
      ? (pod: Pod) => controller(pod)?.kind === "ReplicaSet" && isNamedAfter(name, pod)
      : (pod: Pod) => controller(pod)?.uid === owner.metadata.uid;
  return { ...common, owner, selection: { labelSelector: selectorText(owner.spec.selector) }, isOwn };
}

/** The controllers put the hash of the template into the label and the ReplicaSet's name. */
function isNamedAfter(deployment: string, pod: Pod): boolean {
  const hash = pod.metadata.labels?.["pod-template-hash"];
  return hash !== undefined && controllerOf(pod.metadata)?.name === `${deployment}-${hash}`;
}

function controllerOf({ ownerReferences = [] }: Metadata) {
  return ownerReferences.find(({ controller }) => controller === true);
}

function titleOf(kind: Kind, name: string): string {
  return `${kind.toLowerCase()}/${name}`;
}
