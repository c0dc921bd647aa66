import type { Check } from "../finding.ts";
import { inPodSpec } from "../place.ts";

export const sharedPids: Check = {
  id: "shared-pids",
  severity: "warning",
  title: "--shared-pids without shareProcessNamespace.",
  why:
    "With --shared-pids sluice looks into /proc whether the app has a handler for SIGTERM. Without a shared process namespace the app's pid means another process there, or " +
    "none, and a handshake may be refused, or let through, for the wrong reason.",
  find: ({ workload, sidecar }) =>
    sidecar?.config?.sharedPids === true && workload.spec.shareProcessNamespace !== true
      ? [
          {
            at: inPodSpec(workload),
            what: "sluice is told that processes are shared, and the Pod does not share them",
            fix: "Set shareProcessNamespace: true in the Pod's spec, or take --shared-pids away.",
          },
        ]
      : [],
};
