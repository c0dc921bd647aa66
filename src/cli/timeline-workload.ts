// The pasts of all Pods of a workload, each asked through the API server, with what the kubelet did in between.

import type { ApiClient } from "../cluster/api-client.ts";
import { NotAllowed } from "../cluster/failure.ts";
import type { Pod } from "../cluster/objects.ts";
import { findSidecar, type SidecarPlace } from "../cluster/sidecar-place.ts";
import { podsOf } from "../cluster/workload.ts";
import { sidecarOf } from "../rollout/sidecar-road.ts";
import type { OutsideMark } from "../story/story.ts";
import type { Found } from "./cluster-access.ts";
import { createControlClientBy } from "./control-client.ts";
import { followPast, type Past, readPast } from "./timeline-source.ts";

/** Oldest Pod first. */
export async function podSources({ client, workload }: Found) {
  const { items } = await client.list<Pod>(podsOf(workload.namespace), workload.selection);
  const pods = items.filter(workload.isOwn);
  pods.sort((one, other) => bornAt(one).localeCompare(bornAt(other)));
  return pods.map((pod) => podSource(client, workload.namespace, pod));
}

function bornAt({ metadata }: Pod): string {
  return `${metadata.creationTimestamp ?? ""} ${metadata.name}`;
}

function podSource(client: ApiClient, namespace: string, pod: Pod) {
  const name = `pod/${pod.metadata.name}`;
  const place = findSidecar(pod.spec);

  function open() {
    if ("problem" in place) throw new Error(place.problem);
    return sidecarOf(client, createControlClientBy, {
      namespace,
      pod: pod.metadata.name,
      port: place.controlPort,
    });
  }

  return {
    name,
    /** What keeps one Pod from being asked is its own problem. */
    async read() {
      if ("problem" in place) return { past: undefined, outside: [], problem: place.problem };
      const api = open();
      try {
        const past = await readPast(api);
        const outside = await kubeletMarks(client, namespace, pod, place, past);
        return { past, outside, problem: undefined };
      } catch (error) {
        if (error instanceof NotAllowed) throw error;
        return { past: undefined, outside: [], problem: `its sluice cannot be asked: ${wordsOf(error)}` };
      } finally {
        api.end();
      }
    },
    async follow(stopped: Promise<void>, onChange: (past: Past) => void): Promise<Past> {
      const api = open();
      try {
        return await followPast(api, stopped, onChange);
      } finally {
        api.end();
      }
    },
  };
}

function wordsOf(error: unknown): string {
  const { tried } = error as { readonly tried?: readonly string[] };
  return tried?.join("; ") ?? (error instanceof Error ? error.message : String(error));
}

interface KubeEvent {
  readonly metadata: { readonly name: string };
  readonly reason?: string;
  readonly message?: string;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly involvedObject?: { readonly fieldPath?: string };
}

const WHAT: Readonly<Record<string, OutsideMark["what"]>> = {
  Pulling: "pulling",
  Pulled: "pulled",
  Started: "started",
};

/** None where events may not be read: the timeline does without. The kubelet's times are whole seconds. */
async function kubeletMarks(
  client: ApiClient,
  namespace: string,
  { metadata }: Pod,
  { slots }: SidecarPlace,
  past: Past,
): Promise<readonly OutsideMark[]> {
  const last = past.events.at(-1);
  if (!last) return [];
  const began = Date.parse(last.time) - last.monotonicMs;
  try {
    const { items } = await client.list<KubeEvent>(
      { group: "", version: "v1", resource: "events", namespace },
      { fieldSelector: `involvedObject.name=${metadata.name}` },
    );
    return items.flatMap(({ reason = "", message = "", firstTimestamp, lastTimestamp, involvedObject }) => {
      const container = /\{(.+)\}$/.exec(involvedObject?.fieldPath ?? "")?.[1];
      const slot = [...slots].find(([, name]) => name === container)?.[0];
      const what = WHAT[reason];
      const at = Date.parse(lastTimestamp ?? firstTimestamp ?? "") - began;
      return slot !== undefined && what && Number.isFinite(at) ? [{ slot, what, at, message }] : [];
    });
  } catch {
    return [];
  }
}
