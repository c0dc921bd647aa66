import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const readinessOnSlot: Check = {
  id: "readiness-on-slot",
  severity: "error",
  title: "A slot's container has a readinessProbe of its own.",
  why:
    "All containers of a Pod must be ready for the Pod to be. A slot that restarts, drains, or holds the placeholder fails its probe and takes the " +
    "Pod out of the endpoints, although sluice holds the requests or another slot serves.",
  find({ workload, sidecar, apps }) {
    if (!sidecar) return [];
    return apps
      .filter(({ container }) => container.readinessProbe !== undefined)
      .map(({ container }) => ({
        at: inContainer(workload, container, "readinessProbe"),
        what: `container ${container.name} decides over the Pod's readiness besides sluice`,
        fix: "Take it away; sluice probes the app itself: --probe http:/PATH, tcp or grpc (`sluice inject` moves it).",
      }));
  },
};
