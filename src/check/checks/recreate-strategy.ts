import { at } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const recreateStrategy: Check = {
  id: "recreate-strategy",
  severity: "error",
  title: "Strategy Recreate: all Pods go before the first new one comes.",
  why: "Between the last old Pod and the first ready new one nobody serves; no hook and no sidecar can help.",
  find: ({ workload: { object } }) =>
    object.kind === "Deployment" && at(object.value, "spec", "strategy", "type") === "Recreate"
      ? [
          {
            at: inObject(object, "spec", "strategy", "type"),
            what: "each update takes all Pods away first",
            fix: "Use RollingUpdate with maxUnavailable 0; where two versions must not run side by side, upgrade in the Pod (two slots).",
          },
        ]
      : [],
};
