// Pulling ahead: Kubernetes has no order to pull an image, so a Pod of a second's life asks the kubelet of that node for it. Its
// container names a command that no image has: the image is pulled and unpacked, and not a line of it runs.

import type { ApiClient } from "../cluster/api-client.ts";
import { isNotFound } from "../cluster/failure.ts";
import { type Pod, statusOf } from "../cluster/objects.ts";
import { watchPods } from "../cluster/pod-watch.ts";
import { podsOf } from "../cluster/workload.ts";

const CONTAINER = "image";
const NOTHING = "/sluice-only-pulls-this-image";

export interface Pull {
  readonly image: string;
  readonly node: string;
  /** A Pod of the workload on that node: its secrets and its pull policy are used. */
  readonly like: Pod;
  readonly container: string;
}

/** Why it cannot be pulled there; undefined: it is there now. Rejects as the API does, or with the signal's reason. */
export async function pull(
  client: ApiClient,
  { image, node, like, container }: Pull,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const namespace = like.metadata.namespace ?? "default";
  const resource = podsOf(namespace);
  const policy = like.spec.containers.find((one) => one.name === container)?.imagePullPolicy;
  const { imagePullSecrets, serviceAccountName } = like.spec;
  await client.create<Pod>(resource, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "sluice" } },
    spec: {
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
    },
  });
  try {
    const watch = await watchPods(
      client,
      namespace,
      { fieldSelector: `metadata.name=${name}` },
      () => true,
      () => {},
    );
    try {
      const answer = await watch.until(() => {
        const pod = watch.pod(name);
        return pod ? verdict(pod) : "its Pod was deleted";
      }, signal);
      return answer === PULLED ? undefined : answer;
    } finally {
      watch.close();
    }
  } finally {
    await client.remove(resource, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
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
