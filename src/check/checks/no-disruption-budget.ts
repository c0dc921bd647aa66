import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const noDisruptionBudget: Check = {
  id: "no-disruption-budget",
  severity: "warning",
  title: "No PodDisruptionBudget: a drained node may take all Pods at once.",
  why: "Without a budget, whoever drains nodes may evict every Pod of the workload in the same second, and nobody serves until new ones are ready.",
  find: ({ workload: { object }, budgets, replicas, apps }) =>
    budgets?.length === 0 && (replicas ?? 0) > 1 && apps.length > 0
      ? [
          {
            at: inObject(object),
            what: "no PodDisruptionBudget among what was given selects these Pods",
            fix: "Add one with maxUnavailable 1 and the same labels (k8s/deployment.yaml has an example).",
          },
        ]
      : [],
};
