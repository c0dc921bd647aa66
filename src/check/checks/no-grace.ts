import type { Check } from "../finding.ts";
import { inPodSpec } from "../place.ts";

export const noGrace: Check = {
  id: "no-grace",
  severity: "error",
  title: "terminationGracePeriodSeconds is 0: every stop is a kill.",
  why: "With a grace of 0 the kubelet sends SIGKILL at once: no hook, no SIGTERM, no request that could end.",
  find: ({ workload }) =>
    workload.grace === 0
      ? [
          {
            at: inPodSpec(workload, "terminationGracePeriodSeconds"),
            what: "the Pod has no time to stop in",
            fix: "Set terminationGracePeriodSeconds to 30, or leave it out, which means the same.",
          },
        ]
      : [],
};
