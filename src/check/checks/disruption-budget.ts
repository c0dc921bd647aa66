import { titleOf } from "../../manifest/documents.ts";
import { at, type Json } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const disruptionBudget: Check = {
  id: "disruption-budget",
  severity: "warning",
  title: "A PodDisruptionBudget that protects nobody, or that lets nobody go.",
  why:
    "A budget that allows all Pods to be missing protects nobody when a node is drained. One that allows none blocks each drain, until somebody " +
    "deletes the Pods by force, all at once.",
  find({ budgets, replicas }) {
    if (replicas === undefined || replicas === 0) return [];
    return (budgets ?? []).flatMap((budget) => {
      const available = at(budget.value, "spec", "minAvailable");
      const unavailable = at(budget.value, "spec", "maxUnavailable");
      const stays =
        available !== undefined
          ? amount(available, replicas)
          : unavailable === undefined
            ? undefined
            : replicas - (amount(unavailable, replicas) ?? 0);
      const field = available !== undefined ? "minAvailable" : "maxUnavailable";
      if (stays === undefined || (stays > 0 && stays < replicas)) return [];
      const title = titleOf(budget);
      if (stays <= 0 && replicas === 1) return [];
      return [
        {
          at: inObject(budget, "spec", field),
          what:
            stays <= 0
              ? `${title} lets all ${replicas} Pods be evicted at once`
              : `${title} lets none of ${replicas} Pods be evicted`,
          fix: replicas === 1 ? "Run two replicas, and set maxUnavailable: 1." : "Set maxUnavailable: 1.",
        },
      ];
    });
  },
};

/** Percentages are rounded up, as the budget's controller does. */
function amount(text: Json, of: number): number | undefined {
  if (typeof text === "number") return text;
  const percent = typeof text === "string" ? /^(\d+)%$/.exec(text)?.[1] : undefined;
  return percent === undefined ? undefined : Math.ceil((Number(percent) * of) / 100);
}
