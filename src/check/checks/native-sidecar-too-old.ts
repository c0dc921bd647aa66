import { formatClusterVersion, isOlderThan } from "../cluster-version.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const nativeSidecarTooOld: Check = {
  id: "native-sidecar-too-old",
  severity: "error",
  title: "A native sidecar on a cluster that does not know them (before 1.29).",
  why:
    "Before Kubernetes 1.29 restartPolicy of an init container is dropped or refused. The sidecar is then an init container that never ends: no Pod " +
    "of the new version ever starts.",
  find: ({ workload, clusterVersion }) =>
    clusterVersion && isOlderThan(clusterVersion, 29)
      ? workload.initContainers
          .filter(({ isNativeSidecar }) => isNativeSidecar)
          .map((container) => ({
            at: inContainer(workload, container, "restartPolicy"),
            what: `${container.name} is a native sidecar, and the cluster is ${formatClusterVersion(clusterVersion)}`,
            fix: "Run it as an ordinary container (`sluice inject --classic`, k8s/classic.yaml).",
          }))
      : [],
};
