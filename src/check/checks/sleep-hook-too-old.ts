import { formatClusterVersion, isOlderThan } from "../cluster-version.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const sleepHookTooOld: Check = {
  id: "sleep-hook-too-old",
  severity: "error",
  title: "A `sleep` hook on a cluster that does not know it (before 1.30).",
  why: "Before Kubernetes 1.30 the hook's `sleep` is dropped or refused by default: SIGTERM comes without the wait.",
  find: ({ workload, clusterVersion }) =>
    clusterVersion && isOlderThan(clusterVersion, 30)
      ? [...workload.initContainers, ...workload.containers]
          .filter(({ preStop }) => preStop?.kind === "sleep")
          .map((container) => ({
            at: inContainer(workload, container, "lifecycle", "preStop", "sleep"),
            what: `container ${container.name} relies on it, and the cluster is ${formatClusterVersion(clusterVersion)}`,
            fix: "Use sluice, or an exec hook that sleeps, if the image has a shell.",
          }))
      : [],
};
