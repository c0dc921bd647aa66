import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const noReadinessProbe: Check = {
  id: "no-readiness-probe",
  severity: "error",
  title: "The app has no readinessProbe: it gets requests before it listens.",
  why:
    "Without a readinessProbe a container counts as ready as soon as its process has been started. Requests come before the app listens, " +
    "and a rolling update takes the old Pods away before the new ones can serve.",
  find({ workload, sidecar, apps, services }) {
    if (sidecar) return [];
    return apps
      .filter(({ container }) => container.readinessProbe?.kind === undefined)
      .map(({ container }) => ({
        at: inContainer(workload, container),
        what: `container ${container.name} ${services[0] ? `gets requests from ${services[0].title}` : "serves requests"} and has no readinessProbe`,
        fix: "Add a readinessProbe that fails until the app can serve, with periodSeconds 1 or 2.",
      }));
  },
};
