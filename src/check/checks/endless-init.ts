import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const endlessInit: Check = {
  id: "endless-init",
  severity: "error",
  title: "sluice is an init container without restartPolicy Always.",
  why: "An ordinary init container must end before anything else starts, and sluice does not end: the app never starts.",
  find: ({ workload, sidecar }) =>
    sidecar?.form === "endless"
      ? [
          {
            at: inContainer(workload, sidecar.container),
            what: "the kubelet waits for sluice to end before it starts the app",
            fix: "Set restartPolicy: Always on it, which makes it a native sidecar (Kubernetes 1.29 and later).",
          },
        ]
      : [],
};
