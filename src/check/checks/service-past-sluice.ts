import type { Container } from "../../manifest/workload.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const servicePastSluice: Check = {
  id: "service-past-sluice",
  severity: "error",
  title: "A Service's targetPort leads past sluice.",
  why:
    "What does not come through sluice is neither held nor drained nor counted: it is lost at each stop and each upgrade, as before. An app that listens on " +
    "loopback, as it should, refuses it at all times.",
  find({ workload, sidecar, apps, services }) {
    if (!sidecar) return [];
    const all = [
      ...workload.containers,
      ...workload.initContainers.filter(({ isNativeSidecar }) => isNativeSidecar),
    ];
    const others = all.filter(
      (container) => container !== sidecar.container && !apps.some((app) => app.container === container),
    );
    return services.flatMap(({ object, title, ports }) =>
      ports.flatMap(({ target, protocol }, index) => {
        if (protocol !== "TCP") return [];
        const number = typeof target === "number" ? target : byName(all, target);
        if (number === sidecar.listenPort || number === sidecar.opsPort) return [];
        // Another sidecar's port (metrics of an exporter) is none of sluice's business.
        if (
          number !== undefined &&
          others.some((container) => container.ports.some((port) => port.number === number))
        )
          return [];
        return [
          {
            at: inObject(object, "spec", "ports", index, "targetPort"),
            what:
              number === undefined
                ? `${title} sends to port ${target}, and no container has a port of that name`
                : `${title} sends to port ${target === number ? number : `${target} (${number})`}, and sluice listens on ${sidecar.listenPort}`,
            fix: `Set targetPort: ${sidecar.listenPort}.`,
          },
        ];
      }),
    );
  },
};

/** In the order in which Kubernetes looks: ordinary containers, then native sidecars. */
function byName(containers: readonly Container[], name: string): number | undefined {
  return containers.flatMap(({ ports }) => ports).find((port) => port.name === name)?.number;
}
