import { at, type Json } from "../../manifest/json-value.ts";
import type { Facts } from "../facts.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const nobodyServing: Check = {
  id: "nobody-serving",
  severity: "error",
  title: "A rolling update may take away every Pod at once.",
  why:
    "maxUnavailable says how many Pods may be missing during an update. When that is all of them, there is a time in which nobody serves, and " +
    "every connection is refused.",
  find(facts) {
    const { object } = facts.workload;
    const missing = mostMissing(facts);
    const { replicas } = facts;
    if (missing === undefined || replicas === 0 || (replicas !== undefined && missing.count < replicas))
      return [];
    const all =
      replicas === 1 ? "the only Pod" : replicas === undefined ? "every Pod" : `all ${replicas} Pods`;
    return [
      {
        at: inObject(object, "spec", ...missing.path),
        what: `an update may take ${all} away before a new one is ready`,
        fix:
          object.kind === "Deployment"
            ? "Set strategy.rollingUpdate to {maxUnavailable: 0, maxSurge: 1}."
            : "Run two replicas or more, or upgrade in the Pod (two slots).",
      },
    ];
  },
};

function mostMissing({
  workload: { object },
  replicas,
}: Facts): { readonly count: number; readonly path: readonly string[] } | undefined {
  const { value, kind } = object;
  if (kind === "Deployment") {
    if (at(value, "spec", "strategy", "type") === "Recreate" || replicas === undefined) return undefined;
    const rolling = at(value, "spec", "strategy", "rollingUpdate");
    const surge = amount(at(rolling, "maxSurge") ?? "25%", replicas, Math.ceil);
    const count = amount(at(rolling, "maxUnavailable") ?? "25%", replicas, Math.floor);
    // As the Deployment's controller does: one of the two must give way.
    return { count: surge === 0 && count === 0 ? 1 : count, path: ["strategy"] };
  }
  const strategy = at(value, "spec", "updateStrategy");
  if (at(strategy, "type") === "OnDelete") return undefined;
  const given = at(strategy, "rollingUpdate", "maxUnavailable");
  if (kind === "StatefulSet" && replicas !== undefined) {
    return {
      count: Math.max(1, amount(given ?? 1, replicas, Math.floor)),
      path: given === undefined ? ["replicas"] : ["updateStrategy"],
    };
  }
  // Of how many nodes a DaemonSet is, no manifest says.
  if (kind === "DaemonSet" && given === "100%")
    return { count: Number.POSITIVE_INFINITY, path: ["updateStrategy"] };
  return undefined;
}

function amount(text: Json, of: number, round: (share: number) => number): number {
  if (typeof text === "number") return text;
  const percent = typeof text === "string" ? /^(\d+)%$/.exec(text)?.[1] : undefined;
  return percent === undefined ? 0 : round((Number(percent) * of) / 100);
}
