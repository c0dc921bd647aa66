import type { Check } from "../finding.ts";
import { inPodSpec } from "../place.ts";

export const hostNetwork: Check = {
  id: "host-network",
  severity: "warning",
  title: "hostNetwork: the Pod's ports are the node's.",
  why:
    "Only one such Pod fits on a node, so that an update cannot start the new one beside the old one. With sluice, its slots, control and ops ports " +
    "are those of the node besides: every process there can reach them, and hooks come from the node's own address like everything else.",
  find: ({ workload, sidecar }) =>
    workload.spec.hostNetwork === true
      ? [
          {
            at: inPodSpec(workload, "hostNetwork"),
            what: sidecar
              ? "slots, control and ops port are open to the whole node, and clash with a second Pod's"
              : "a second Pod cannot start on the same node",
            fix: "Take hostNetwork away and reach the Pods through a Service or a hostPort.",
            ...(sidecar ? { severity: "error" as const } : {}),
          },
        ]
      : [],
};
