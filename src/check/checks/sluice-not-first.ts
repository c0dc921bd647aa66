import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const sluiceNotFirst: Check = {
  id: "sluice-not-first",
  severity: "warning",
  title: "sluice as an ordinary container stands behind the app.",
  why:
    "The kubelet starts the ordinary containers one after another, in their order. An app that stands before sluice makes its first handshake before sluice listens; one that does not " +
    "try again never gets a request.",
  find({ workload, sidecar, apps }) {
    if (sidecar?.form !== "classic") return [];
    const place = (container: (typeof workload.containers)[number]) => workload.containers.indexOf(container);
    const earlier = apps.find(({ container }) => place(container) < place(sidecar.container));
    if (!earlier) return [];
    return [
      {
        at: inContainer(workload, sidecar.container),
        what: `container ${earlier.container.name} is started before sluice`,
        fix: "Put sluice first among the containers, or make it a native sidecar.",
      },
    ];
  },
};
