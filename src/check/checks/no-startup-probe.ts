import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const noStartupProbe: Check = {
  id: "no-startup-probe",
  severity: "warning",
  title: "sluice as a native sidecar has no startupProbe: the app may start before it listens.",
  why:
    "The kubelet starts what comes after a native sidecar once its startupProbe has passed; without one, as soon as its process exists. The app's first " +
    "handshake is then refused, and an app that does not try again never gets a request.",
  find: ({ workload, sidecar }) =>
    sidecar?.form === "native" && !sidecar.container.startupProbe
      ? [
          {
            at: inContainer(workload, sidecar.container),
            what: "nothing makes the app wait until sluice listens",
            fix: `startupProbe: {httpGet: {path: /livez, port: ${sidecar.opsPort}}, periodSeconds: 1, failureThreshold: 30}`,
          },
        ]
      : [],
};
