// How the Pods of a workload stand: each one's sidecar is asked, its slots are matched with its containers, its record is read.

import type { Status } from "../api/backend.ts";
import type { ApiClient } from "../cluster/api-client.ts";
import { NotAllowed } from "../cluster/failure.ts";
import type { Pod } from "../cluster/objects.ts";
import { readStatus } from "../cluster/sidecar-link.ts";
import { findSidecar, type SidecarPlace } from "../cluster/sidecar-place.ts";
import type { PodView } from "../upgrade/plan.ts";
import { parseRecord, RECORD_ANNOTATION, type UpgradeRecord } from "../upgrade/record.ts";
import { factsOfPod, factsOfSidecar } from "./pod-facts.ts";
import { type MakeApi, sidecarOf } from "./sidecar-road.ts";

export interface Surveyed {
  readonly pod: Pod;
  readonly record: UpgradeRecord | undefined;
  /** Undefined where `problem` says why. */
  readonly place: SidecarPlace | undefined;
  readonly status: Status | undefined;
  readonly problem: string | undefined;
}

/** Asks all at once. Rejects with NotAllowed; every other trouble is the Pod's own `problem`. */
export function survey(
  client: ApiClient,
  makeApi: MakeApi,
  pods: readonly Pod[],
): Promise<readonly Surveyed[]> {
  return Promise.all(pods.map((pod) => look(client, makeApi, pod)));
}

async function look(client: ApiClient, makeApi: MakeApi, pod: Pod): Promise<Surveyed> {
  const record = parseRecord(pod.metadata.annotations?.[RECORD_ANNOTATION]);
  const place = findSidecar(pod.spec);
  const nothing = { pod, record, status: undefined };
  if ("problem" in place) return { ...nothing, place: undefined, problem: place.problem };
  const namespace = pod.metadata.namespace ?? "default";
  const api = sidecarOf(client, makeApi, { namespace, pod: pod.metadata.name, port: place.controlPort });
  try {
    return { pod, record, place, status: await readStatus(api), problem: undefined };
  } catch (error) {
    if (error instanceof NotAllowed) throw error;
    return { ...nothing, place, problem: `its sluice cannot be asked: ${wordsOf(error)}` };
  } finally {
    api.end();
  }
}

function wordsOf(error: unknown): string {
  const { tried } = error as { readonly tried?: readonly string[] };
  return tried?.join("; ") ?? (error instanceof Error ? error.message : String(error));
}

/** Undefined where the Pod could not be surveyed. */
export function viewOf({ pod, place, status, record }: Surveyed): PodView | undefined {
  if (!place || !status) return undefined;
  return { pod: factsOfPod(pod), sidecar: factsOfSidecar(status), containers: place.slots, record };
}
