import { numberOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const DEFAULT_SECONDS = 10;
const SLOWEST_SECONDS = 2;

export const slowReadinessProbe: Check = {
  id: "slow-readiness-probe",
  severity: "warning",
  title: "sluice's readinessProbe comes too seldom.",
  why:
    "Readiness reaches the endpoints with the next probe. Every 10 s, which is the default, a new Pod waits up to 10 s although it can serve, and one " +
    "that lost its app still gets requests for so long.",
  find({ workload, sidecar }) {
    const probe = sidecar?.container.readinessProbe;
    if (!sidecar || !probe) return [];
    const period = numberOf(probe.value.periodSeconds);
    if ((period ?? DEFAULT_SECONDS) <= SLOWEST_SECONDS) return [];
    return [
      {
        at: inContainer(workload, sidecar.container, "readinessProbe", "periodSeconds"),
        what:
          period === undefined
            ? "periodSeconds is not set, so that the kubelet asks every 10 s"
            : `the kubelet asks every ${period} s`,
        fix: "Set periodSeconds: 1. An answer costs sluice next to nothing.",
      },
    ];
  },
};
