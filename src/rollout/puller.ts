// Pulling ahead: Kubernetes has no order to pull an image, so a Pod of a second's life asks the kubelet of that node for it. Its
// container names a command that no image has: the image is pulled and unpacked, and not a line of it runs.

import type { ApiClient } from "../cluster/api-client.ts";
import { type Pod, statusOf } from "../cluster/objects.ts";
import { seconds } from "../upgrade/seconds.ts";
import { judgePod } from "./short-lived-pod.ts";

const CONTAINER = "image";
const NOTHING = "/sluice-only-pulls-this-image";

export interface Pull {
  readonly image: string;
  readonly node: string;
  /** A Pod of the workload on that node: its secrets and its pull policy are used. */
  readonly like: Pod;
  readonly container: string;
  readonly withinMs: number;
}

/** Why it cannot be pulled there; undefined: it is there now. Rejects as the API does, or with the signal's reason. */
export async function pull(
  client: ApiClient,
  { image, node, like, container, withinMs }: Pull,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const policy = like.spec.containers.find((one) => one.name === container)?.imagePullPolicy;
  const { imagePullSecrets, serviceAccountName } = like.spec;
  const spec = {
    nodeName: node,
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    tolerations: [{ operator: "Exists" }],
    ...(imagePullSecrets ? { imagePullSecrets } : {}),
    ...(serviceAccountName ? { serviceAccountName } : {}),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: CONTAINER,
        image,
        command: [NOTHING],
        ...(policy ? { imagePullPolicy: policy } : {}),
        resources: { requests: { cpu: "1m", memory: "8Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  };
  const namespace = like.metadata.namespace ?? "default";
  const judge = {
    verdict,
    late: (pod: Pod | undefined) => `it was not there after ${seconds(withinMs)}${stateOf(pod)}`,
    gone: () => "its Pod was deleted",
  };
  const answer = await judgePod(client, { name, namespace, spec, withinMs }, judge, signal);
  return answer === PULLED ? undefined : answer;
}

const PULLED = "";
/** The image is there, and the container could not be made or started from it: as it was meant. */
const STARTED = new Set([
  "RunContainerError",
  "CreateContainerError",
  "CreateContainerConfigError",
  "CrashLoopBackOff",
]);
const NOT_THERE = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "ImageInspectError",
  "RegistryUnavailable",
]);

function verdict(pod: Pod): string | undefined {
  const { state } = statusOf(pod, CONTAINER) ?? {};
  const { waiting, terminated, running } = state ?? {};
  if (terminated || running || STARTED.has(waiting?.reason ?? "")) return PULLED;
  if (NOT_THERE.has(waiting?.reason ?? ""))
    return `${waiting?.reason}${waiting?.message ? `: ${waiting.message}` : ""}`;
  // The kubelet may refuse a Pod that nobody scheduled: too many Pods on the node, no memory left.
  if (pod.status?.phase === "Failed")
    return `${pod.status.reason ?? "the node refused"}: ${pod.status.message ?? ""}`;
  return undefined;
}

function stateOf(pod: Pod | undefined): string {
  const reason = pod && statusOf(pod, CONTAINER)?.state?.waiting?.reason;
  return reason ? ` (${reason})` : "";
}
