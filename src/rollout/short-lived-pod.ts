// A Pod that lives until a verdict is given on it: created, watched, and deleted again whatever comes.

import type { ApiClient } from "../cluster/api-client.ts";
import { isNotFound, isThere } from "../cluster/failure.ts";
import type { Metadata, Pod, PodSpec } from "../cluster/objects.ts";
import { watchPods } from "../cluster/pod-watch.ts";
import { podsOf } from "../cluster/workload.ts";

export interface ShortLived {
  readonly name: string;
  readonly namespace: string;
  readonly annotations?: Metadata["annotations"];
  readonly spec: PodSpec;
  /** How long the verdict may take, ms. */
  readonly withinMs: number;
}

export interface Judge<T> {
  /** Undefined: not yet. */
  readonly verdict: (pod: Pod) => T | undefined;
  readonly late: (pod: Pod | undefined) => T;
  /** Somebody else has deleted it. */
  readonly gone: () => T;
}

/** Whoever made it may be killed: after the time of the verdict and so much more the kubelet ends it by itself, ms. */
const SLACK_MS = 60_000;

/** The first verdict. Rejects as the API does, or with the signal's reason. */
export async function judgePod<T>(
  client: ApiClient,
  { name, namespace, annotations, spec, withinMs }: ShortLived,
  { verdict, late, gone }: Judge<T>,
  signal: AbortSignal,
): Promise<T> {
  const resource = podsOf(namespace);
  const metadata: Metadata = {
    name,
    namespace,
    labels: { "app.kubernetes.io/managed-by": "sluice" },
    ...(annotations ? { annotations } : {}),
  };
  const lasting = { ...spec, activeDeadlineSeconds: Math.ceil((withinMs + SLACK_MS) / 1_000) };
  const remove = () =>
    client.remove(resource, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  // Who may create and not delete learns it before there is anything to delete.
  await remove();
  await client
    .create<Pod>(resource, { apiVersion: "v1", kind: "Pod", metadata, spec: lasting })
    .catch((error: unknown) => {
      // Its name is ours alone: an answer was lost, and the order given twice.
      if (!isThere(error)) throw error;
    });
  try {
    const limit = AbortSignal.timeout(withinMs);
    const watch = await watchPods(
      client,
      namespace,
      { fieldSelector: `metadata.name=${name}` },
      () => true,
      () => {},
    );
    const ask = () => {
      const pod = watch.pod(name);
      return pod ? verdict(pod) : gone();
    };
    try {
      return await watch.until(ask, AbortSignal.any([signal, limit]));
    } catch (error) {
      if (limit.aborted && !signal.aborted) return late(watch.pod(name));
      throw error;
    } finally {
      watch.close();
    }
  } finally {
    await remove();
  }
}
