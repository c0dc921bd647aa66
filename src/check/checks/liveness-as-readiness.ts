import { isSame, numberOf } from "../../manifest/json-value.ts";
import type { Handler } from "../../manifest/workload.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

/** A liveness that takes so many times longer to fail leaves readiness the time to help. */
const MORE_PATIENT = 3;

export const livenessAsReadiness: Check = {
  id: "liveness-as-readiness",
  severity: "warning",
  title: "livenessProbe and readinessProbe ask the same question.",
  why:
    "An app that is overloaded, or that waits for its database, should get no new requests for a while. When liveness asks the same as " +
    "readiness, the kubelet restarts it instead, with every request that it has, and the others get its load.",
  find({ workload, sidecar, apps }) {
    if (sidecar) return [];
    return apps
      .filter(({ container: { livenessProbe: live, readinessProbe: ready } }) => {
        if (live?.kind === undefined || live.kind !== ready?.kind || live.kind === "tcpSocket") return false;
        return (
          isSame(live.value[live.kind], ready.value[live.kind]) &&
          patience(live) < MORE_PATIENT * patience(ready)
        );
      })
      .map(({ container }) => ({
        at: inContainer(workload, container, "livenessProbe"),
        what: "the kubelet restarts the app for what should only take it out of the endpoints",
        fix: "Let liveness ask for something that fails only when a restart is the cure, or take three times as long to fail as readiness.",
      }));
  },
};

/** Seconds from the first failure to the consequence; Kubernetes' defaults. */
function patience({ value }: Handler): number {
  return (numberOf(value.periodSeconds) ?? 10) * (numberOf(value.failureThreshold) ?? 3);
}
