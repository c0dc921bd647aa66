// A trial outside of every Service: one Pod from the template with the new image, without the labels by which Services, owners and
// policies find Pods. It has to become ready; then it is deleted.

import type { ApiClient } from "../cluster/api-client.ts";
import { type ContainerStatus, type Pod, type PodSpec, statusOf } from "../cluster/objects.ts";
import { seconds } from "../upgrade/seconds.ts";
import { judgePod } from "./short-lived-pod.ts";

export interface Trial {
  readonly name: string;
  readonly namespace: string;
  /** The owner's template, or a Pod that stands for itself. */
  readonly template: PodSpec;
  readonly annotations: Readonly<Record<string, string>>;
  /** Gets the new image. */
  readonly container: string;
  readonly image: string;
  /** Names of the claims that the owner makes for each Pod of its own: a StatefulSet's. */
  readonly claims: readonly string[];
  readonly withinMs: number;
}

/** Why it is not good; undefined: it became ready. Rejects as the API does, or with the signal's reason. */
export async function tryOut(
  client: ApiClient,
  trial: Trial,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, namespace, annotations, container, withinMs } = trial;
  const pod = { name, namespace, annotations, spec: trialSpec(trial), withinMs };
  const judge = {
    verdict: (found: Pod) => verdict(found, container),
    late: (found: Pod | undefined) =>
      `it was not ready within ${seconds(withinMs)}: ${found ? whatItWaitsFor(found) : "nothing is known of it"}`,
    gone: () => "it was deleted by somebody else",
  };
  const answer = await judgePod(client, pod, judge, signal);
  return answer === GOOD ? undefined : answer;
}

const GOOD = "";
const TOKEN_VOLUME = /^kube-api-access-/;

/** What the API server added to a live Pod and would refuse, or add again, in a new one is left out. */
function trialSpec({ template, container, image, claims }: Trial): PodSpec {
  const { nodeName: _placed, ...spec } = template as PodSpec & Readonly<Record<string, unknown>>;
  const strip = <C extends { readonly volumeMounts?: readonly { readonly name: string }[] }>(one: C): C => ({
    ...one,
    ...(one.volumeMounts
      ? { volumeMounts: one.volumeMounts.filter((mount) => !TOKEN_VOLUME.test(mount.name)) }
      : {}),
  });
  const volumes = (spec.volumes ?? []).filter(
    ({ name }) => !TOKEN_VOLUME.test(name) && !claims.includes(name),
  );
  // The data of a Pod is its own: the trial begins with nothing.
  const empty = claims.map((claim) => ({ name: claim, emptyDir: {} }));
  return {
    ...spec,
    ...(volumes.length + empty.length > 0 ? { volumes: [...volumes, ...empty] } : {}),
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
