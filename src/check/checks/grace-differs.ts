import { formatDuration } from "../../config/duration.ts";
import type { Check } from "../finding.ts";
import { inPodSpec } from "../place.ts";

export const graceDiffers: Check = {
  id: "grace-differs",
  severity: "error",
  title: "sluice's --grace is not the Pod's terminationGracePeriodSeconds.",
  why:
    "Every deadline of a stop is derived from --grace; the kubelet goes by terminationGracePeriodSeconds, which no container can read. When sluice believes that there is more " +
    "time than there is, the kubelet kills the Pod in the middle of its drain; when less, requests are cut that could have ended.",
  find({ workload, sidecar }) {
    const config = sidecar?.config;
    if (!config || sidecar.problems.length > 0) return [];
    const isDefault = sidecar.isSet("grace") === false;
    if (!isDefault && sidecar.isSet("grace") === undefined) return [];
    const pod = (workload.grace ?? 30) * 1_000;
    if (config.graceMs === pod) return [];
    const path = workload.grace === undefined ? [] : ["terminationGracePeriodSeconds"];
    return [
      {
        at: inPodSpec(workload, ...path),
        what: `the Pod has ${formatDuration(pod)}${workload.grace === undefined ? " (the default)" : ""}, and sluice believes in ${formatDuration(config.graceMs)}${isDefault ? " (the default)" : ""}`,
        fix: `Set --grace=${formatDuration(pod)}, or terminationGracePeriodSeconds: ${Math.ceil(config.graceMs / 1_000)}.`,
        ...(config.graceMs < pod ? { severity: "warning" as const } : {}),
      },
    ];
  },
};
