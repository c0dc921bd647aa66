// A trial outside of every Service: one Pod from the template with the new image, without the labels by which Services, owners and
// policies find Pods. It has to become ready; then it is deleted.

import type { ApiClient } from "../cluster/api-client.ts";
import { isNotFound } from "../cluster/failure.ts";
import { type ContainerStatus, type Pod, type PodSpec, statusOf } from "../cluster/objects.ts";
import { watchPods } from "../cluster/pod-watch.ts";
import { podsOf } from "../cluster/workload.ts";

export interface Trial {
  readonly name: string;
  readonly namespace: string;
  /** The owner's template, or a Pod that stands for itself. */
  readonly template: PodSpec;
  readonly annotations: Readonly<Record<string, string>>;
  /** Gets the new image. */
  readonly container: string;
  readonly image: string;
}

/** Why it is not good; undefined: it became ready. Rejects as the API does, or with the signal's reason. */
export async function tryOut(
  client: ApiClient,
  trial: Trial,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, namespace, container } = trial;
  const resource = podsOf(namespace);
  await client.create<Pod>(resource, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/managed-by": "sluice" },
      annotations: trial.annotations,
    },
    spec: trialSpec(trial),
  });
  try {
    const watch = await watchPods(
      client,
      namespace,
      { fieldSelector: `metadata.name=${name}` },
      () => true,
      () => {},
    );
    let latest = "nothing is known of it";
    try {
      const answer = await watch.until(() => {
        const pod = watch.pod(name);
        if (!pod) return "it was deleted by somebody else";
        latest = whatItWaitsFor(pod);
        return verdict(pod, container);
      }, signal);
      return answer === GOOD ? undefined : answer;
    } catch (error) {
      if (signal.aborted && (signal.reason as Error | undefined)?.name === "TimeoutError") {
        return `it was not ready in time: ${latest}`;
      }
      throw error;
    } finally {
      watch.close();
    }
  } finally {
    await client.remove(resource, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

const GOOD = "";
const TOKEN_VOLUME = /^kube-api-access-/;

/** What the API server added to a live Pod and would refuse, or add again, in a new one is left out. */
function trialSpec({ template, container, image }: Trial): PodSpec {
  const { nodeName: _placed, ...spec } = template as PodSpec & Readonly<Record<string, unknown>>;
  const strip = <C extends { readonly volumeMounts?: readonly { readonly name: string }[] }>(one: C): C => ({
    ...one,
    ...(one.volumeMounts
      ? { volumeMounts: one.volumeMounts.filter((mount) => !TOKEN_VOLUME.test(mount.name)) }
      : {}),
  });
  return {
    ...spec,
    ...(spec.volumes ? { volumes: spec.volumes.filter((volume) => !TOKEN_VOLUME.test(volume.name)) } : {}),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(strip) } : {}),
    containers: spec.containers.map((one) => strip(one.name === container ? { ...one, image } : one)),
  };
}

function verdict(pod: Pod, container: string): string | undefined {
  // Readiness gates are set by controllers that look after Pods of Services: this one is none.
  const isReady = pod.status?.conditions?.some(
    ({ type, status }) => type === "ContainersReady" && status === "True",
  );
  if (isReady) return GOOD;
  if (pod.status?.phase === "Failed")
    return `it failed: ${pod.status.reason ?? ""} ${pod.status.message ?? ""}`.trim();
  const status = statusOf(pod, container);
  const { waiting, terminated } = status?.state ?? {};
  const isHopeless =
    /^(Err|InvalidImageName|ImagePullBackOff|Create\w*Error|RunContainerError|CrashLoopBackOff)/;
  if (waiting?.reason && isHopeless.test(waiting.reason)) return `${waiting.reason}${deathOf(status)}`;
  if (terminated) return `it ended with exit code ${terminated.exitCode}`;
  if ((status?.restartCount ?? 0) > 0) return `it crashed${deathOf(status)}`;
  return undefined;
}

function deathOf(status: ContainerStatus | undefined): string {
  const { waiting } = status?.state ?? {};
  const death = status?.lastState?.terminated;
  if (death) return ` (exit code ${death.exitCode})`;
  return waiting?.message ? `: ${waiting.message}` : "";
}

function whatItWaitsFor(pod: Pod): string {
  const open = pod.status?.conditions?.find(({ status, message }) => status === "False" && message);
  return open?.message ?? `its phase is ${pod.status?.phase ?? "unknown"}`;
}
