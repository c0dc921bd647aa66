import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const noPreStop: Check = {
  id: "no-pre-stop",
  severity: "error",
  title: "The app gets SIGTERM while requests still come: no preStop hook.",
  why:
    "A Pod that is deleted leaves the endpoints and gets SIGTERM at the same time. For about a second, longer behind a cloud's " +
    "balancer, new connections still reach it, and an app that obeys SIGTERM at once refuses them.",
  find({ workload, sidecar, apps }) {
    if (sidecar) return [];
    return apps
      .filter(({ container }) => container.preStop?.kind === undefined)
      .map(({ container }) => ({
        at: inContainer(workload, container, "lifecycle"),
        what: `container ${container.name} serves requests and has no preStop hook`,
        fix:
          "Run it behind sluice (`sluice inject`), or at least wait first: `lifecycle: {preStop: {sleep: {seconds: 5}}}` " +
          "(Kubernetes 1.30 and later; needs no shell in the image).",
      }));
  },
};
