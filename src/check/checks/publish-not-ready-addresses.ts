import { at } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const publishNotReadyAddresses: Check = {
  id: "publish-not-ready-addresses",
  severity: "error",
  title: "A Service sends requests to Pods that are not ready.",
  why:
    "publishNotReadyAddresses puts every Pod into the endpoints, ready or not, starting or stopping. Readiness, and everything that sluice does " +
    "with it, no longer keeps requests away.",
  find: ({ services }) =>
    services
      .filter(({ object }) => at(object.value, "spec", "publishNotReadyAddresses") === true)
      .map(({ object, title }) => {
        const isHeadless = at(object.value, "spec", "clusterIP") === "None";
        return {
          at: inObject(object, "spec", "publishNotReadyAddresses"),
          what: isHeadless
            ? `${title} names Pods that are not ready to whoever looks it up`
            : `${title} sends requests to Pods that are not ready`,
          fix: "Take it away. Peers that must find each other before they are ready get a headless Service of their own.",
          ...(isHeadless ? { severity: "warning" as const } : {}),
        };
      }),
};
