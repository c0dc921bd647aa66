import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const hostPort: Check = {
  id: "host-port",
  severity: "warning",
  title: "A container takes a port of the node (hostPort).",
  why:
    "Only one Pod with that port fits on a node: where no other node is free, an update cannot start the new Pod beside the old one, and hangs, or has to take the old one away first. What " +
    "comes in at the node's port knows nothing of readiness.",
  find({ workload }) {
    // A DaemonSet has one Pod on each node anyway.
    if (workload.object.kind === "DaemonSet" || workload.spec.hostNetwork === true) return [];
    return [...workload.initContainers, ...workload.containers].flatMap((container) =>
      container.ports.flatMap((port, index) =>
        port.hostPort === undefined || port.hostPort === 0
          ? []
          : [
              {
                at: inContainer(workload, container, "ports", index, "hostPort"),
                what: `container ${container.name} takes port ${port.hostPort} of its node`,
                fix: "Reach the Pods through a Service (NodePort or LoadBalancer).",
              },
            ],
      ),
    );
  },
};
