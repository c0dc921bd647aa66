import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const singleReplica: Check = {
  id: "single-replica",
  severity: "warning",
  title: "One replica: an eviction, a drained node or a crash leaves nobody.",
  why:
    "A rolling update starts the new Pod first; an eviction, `kubectl delete pod` and a lost node do not. A crashed app makes its Pod unready " +
    "for about a second, and kube-proxy then refuses connections to a Service that has no other.",
  find: ({ workload: { object }, replicas, apps }) =>
    replicas === 1 && apps.length > 0
      ? [
          {
            at: inObject(object, "spec", "replicas"),
            what: "there is no second Pod to serve while this one is away",
            fix: "Run two replicas or more, and a PodDisruptionBudget with maxUnavailable 1.",
          },
        ]
      : [],
};
