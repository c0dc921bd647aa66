import { at, objectsOf, stringOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inPodSpec } from "../place.ts";

/** Conditions whose controllers are known, and which come with the platform. */
const KNOWN =
  /^(?:target-health\.(?:elbv2\.k8s\.aws|alb\.ingress\.k8s\.aws)\/|cloud\.google\.com\/|InPlaceUpdateReady$|KruisePodReady$)/;

export const unsetReadinessGate: Check = {
  id: "unset-readiness-gate",
  severity: "warning",
  title: "A readinessGate that nobody sets.",
  why:
    "A Pod with a readinessGate is ready only once a controller has set that condition to True. While nobody does, it never gets a request, and an " +
    "update waits for ever.",
  find({ workload, pods }) {
    return objectsOf(workload.spec.readinessGates).flatMap((gate, index) => {
      const type = stringOf(gate.conditionType) ?? "";
      const place = inPodSpec(workload, "readinessGates", index);
      if (!pods) {
        if (KNOWN.test(type)) return [];
        return [
          {
            at: place,
            what: `the Pods wait for condition ${type}, and nothing that was given sets it`,
            fix: "Make sure that its controller runs in every cluster that this goes to, or take the gate away; sluice has gates of its own (--gates).",
          },
        ];
      }
      const unset = pods.filter(
        ({ value }) =>
          !objectsOf(at(value, "status", "conditions")).some((condition) => condition.type === type),
      );
      if (unset.length === 0) return [];
      return [
        {
          at: place,
          what: `nobody has set condition ${type} of ${unset.map(({ name }) => name).join(", ")}`,
          fix: "Start the controller that sets it, or take the gate away.",
          severity: "error" as const,
        },
      ];
    });
  },
};
