import { at } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

const FIELDS = ["externalTrafficPolicy", "internalTrafficPolicy"] as const;

export const localTrafficPolicy: Check = {
  id: "local-traffic-policy",
  severity: "warning",
  title: "A Service whose traffic policy is Local drops what reaches a node without a Pod.",
  why:
    "With the policy Local a node sends requests to its own Pods only. When its last one leaves, a balancer that has not noticed yet (some 10 s of " +
    "health checks), or a client on that node, is sent nowhere.",
  find: ({ services }) =>
    services.flatMap(({ object, title }) =>
      FIELDS.filter((field) => at(object.value, "spec", field) === "Local").map((field) => ({
        at: inObject(object, "spec", field),
        what: `${title} sends nowhere from a node whose last Pod has just left`,
        fix: "Use Cluster, or run a Pod on each node and let the minimum delay of a stop outlast the balancer's health check (--drain-delay).",
      })),
    ),
};
