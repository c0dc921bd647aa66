// What `sluice check` needs of a live workload: its object, its Pods, what selects them, and what their sluices say.

import type { ClusterVersion } from "../check/cluster-version.ts";
import { parseClusterVersion } from "../check/cluster-version.ts";
import type { Facts, LivePod, LiveSlot } from "../check/facts.ts";
import type { Sidecar } from "../check/sidecar.ts";
import { survey } from "../check/survey.ts";
import type { ApiClient, Selection } from "../cluster/api-client.ts";
import { ApiRefusal, isNotFound, NotAllowed } from "../cluster/failure.ts";
import type { Pod } from "../cluster/objects.ts";
import type { Resource } from "../cluster/resource.ts";
import { readStatus } from "../cluster/sidecar-link.ts";
import { podsOf, resourceOf, type Workload } from "../cluster/workload.ts";
import { SluiceError } from "../errors.ts";
import type { ManifestObject } from "../manifest/documents.ts";
import { at, type JsonObject, objectOf, stringOf } from "../manifest/json-value.ts";
import { sidecarOf } from "../rollout/sidecar-road.ts";
import { findInCluster } from "./cluster-access.ts";
import { createControlClientBy } from "./control-client.ts";
import type { Terminal } from "./terminal.ts";

export interface LiveQuestion {
  readonly workload: string;
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  /** Undefined: the cluster is asked. */
  readonly clusterVersion: ClusterVersion | undefined;
}

export interface LiveFacts {
  readonly facts: Facts;
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}

/** What stands around a workload; without the permission to list one of them, its checks say nothing. */
const AROUND = [
  { kind: "Service", kinds: "Services", group: "", version: "v1", resource: "services" },
  {
    kind: "PodDisruptionBudget",
    kinds: "PodDisruptionBudgets",
    group: "policy",
    version: "v1",
    resource: "poddisruptionbudgets",
  },
  {
    kind: "NetworkPolicy",
    kinds: "NetworkPolicies",
    group: "networking.k8s.io",
    version: "v1",
    resource: "networkpolicies",
  },
  {
    kind: "HorizontalPodAutoscaler",
    kinds: "HorizontalPodAutoscalers",
    group: "autoscaling",
    version: "v2",
    resource: "horizontalpodautoscalers",
  },
] as const;

/** Control's port where sluice has its default. */
const CONTROL_PORT = 9081;

/** Rejects with USAGE, ClusterUnreachable, NotAllowed, ApiRefusal. */
export async function liveFacts(question: LiveQuestion, terminal: Terminal): Promise<LiveFacts> {
  const { client, workload } = await found(question, terminal);
  try {
    return await gather(client, workload, question.clusterVersion);
  } finally {
    client.close();
  }
}

/** A workload that is not there is a mistake of the command line: exit code 1 is for what was found. */
async function found(question: LiveQuestion, terminal: Terminal) {
  try {
    return await findInCluster(question.workload, question, terminal);
  } catch (error) {
    if (isNotFound(error)) throw new SluiceError("USAGE", (error as ApiRefusal).message, { cause: error });
    throw error;
  }
}

async function gather(
  client: ApiClient,
  workload: Workload,
  given: ClusterVersion | undefined,
): Promise<LiveFacts> {
  const { kind, namespace, name } = workload;
  const { group, version } = resourceOf(kind, namespace);
  const value = await client.get<JsonObject>(resourceOf(kind, namespace), name);
  const object = objectFrom(value, kind, group === "" ? version : `${group}/${version}`);

  const unseen: string[] = [];
  const unseenKinds = new Set<string>();
  const around: ManifestObject[] = [];
  for (const one of AROUND) {
    const apiVersion = one.group === "" ? one.version : `${one.group}/${one.version}`;
    const items = await listed(client, { ...one, namespace });
    if (typeof items !== "string")
      around.push(...items.map((item) => objectFrom(item, one.kind, apiVersion)));
    else {
      unseen.push(`${one.kinds}: ${items}`);
      unseenKinds.add(one.kind);
    }
  }
  const clusterVersion = given ?? parseClusterVersion(await client.serverVersion());
  const [facts] = await survey([object, ...around], { clusterVersion, unseen: unseenKinds });
  if (!facts) throw new Error(`${kind} is no workload`);

  const { items } = await client.list<Pod & JsonObject>(podsOf(namespace), workload.selection);
  const living = items.filter((pod) => workload.isOwn(pod) && pod.metadata.deletionTimestamp === undefined);
  const templates = await templatesOf(client, workload, value);
  const pods = await Promise.all(
    living.map(async (pod): Promise<LivePod> => {
      const asked = facts.sidecar && (await askSidecar(client, facts.sidecar, namespace, pod.metadata.name));
      if (typeof asked === "string") unseen.push(`slots of ${pod.metadata.name}: ${asked}`);
      return {
        name: pod.metadata.name,
        value: pod,
        template: templates(pod),
        slots: typeof asked === "string" ? undefined : asked,
      };
    }),
  );
  return { facts: { ...facts, pods }, unseen };
}

/** The items, or why they cannot be had. */
async function listed(
  client: ApiClient,
  resource: Resource,
  selection: Selection = {},
): Promise<readonly JsonObject[] | string> {
  try {
    return (await client.list<JsonObject>(resource, selection)).items;
  } catch (error) {
    if (error instanceof NotAllowed || error instanceof ApiRefusal) return error.message;
    throw error;
  }
}

function objectFrom(value: JsonObject, kind: string, apiVersion: string): ManifestObject {
  return {
    file: "",
    line: 0,
    apiVersion,
    kind,
    name: stringOf(at(value, "metadata", "name")) ?? "",
    namespace: stringOf(at(value, "metadata", "namespace")),
    value,
    place: { file: -1, document: 0, items: [] },
  };
}

/** For each Pod the spec of its owner's template, as long as that is the one that it was made from. */
async function templatesOf(client: ApiClient, { kind, namespace, selection }: Workload, value: JsonObject) {
  const template = objectOf(at(value, "spec", "template", "spec"));
  if (kind === "Deployment") {
    const sets = await listed(client, resourceOf("ReplicaSet", namespace), selection);
    const byName = new Map(
      (typeof sets === "string" ? [] : sets).map(
        (set) => [at(set, "metadata", "name"), objectOf(at(set, "spec", "template", "spec"))] as const,
      ),
    );
    return (pod: Pod) =>
      byName.get(pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.name ?? "");
  }
  if (kind === "Pod") return () => undefined;
  // A DaemonSet does not say which revision is the new one, but it does say whether all Pods are of it.
  const { updatedNumberScheduled, currentNumberScheduled } = objectOf(value.status);
  if (kind === "DaemonSet" && updatedNumberScheduled !== currentNumberScheduled) return () => undefined;
  const revision = stringOf(at(value, "status", "updateRevision"));
  return (pod: Pod) => {
    const own = pod.metadata.labels?.["controller-revision-hash"];
    return revision === undefined || own === undefined || own === revision ? template : undefined;
  };
}

/** The slots, or why they cannot be told. */
async function askSidecar(
  client: ApiClient,
  { config }: Sidecar,
  namespace: string,
  pod: string,
): Promise<readonly LiveSlot[] | string> {
  const ports = config?.control.flatMap((address) => ("port" in address ? [address.port] : [])) ?? [
    CONTROL_PORT,
  ];
  const [port] = ports;
  if (port === undefined) return "its sluice has no control address over TCP";
  const api = sidecarOf(client, createControlClientBy, { namespace, pod, port });
  try {
    const { slots } = await readStatus(api);
    return slots.map(({ name, waitingFor }) => ({ name, waitingFor }));
  } catch (error) {
    const { tried } = error as { readonly tried?: readonly string[] };
    return tried?.join("; ") ?? (error instanceof Error ? error.message : String(error));
  } finally {
    api.end();
  }
}
