import { at } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";
import { parseQuantity } from "../quantity.ts";

/** Half a core: 50 ms of each 100 ms, in which a burst and the garbage collector have room. */
const LEAST_CORES = 0.5;

export const cpuLimit: Check = {
  id: "cpu-limit",
  severity: "warning",
  title: "sluice's CPU limit is so low that it throttles.",
  why:
    "A CPU limit is a share of each 100 ms. When it is used up, sluice stands still for the rest of them, with all requests, probes and hooks of the Pod: answers are late by " +
    "tens of milliseconds at a load far below the limit, and probes time out.",
  find({ workload, sidecar }) {
    const limit = at(sidecar?.container.value, "resources", "limits", "cpu");
    const cores = parseQuantity(limit);
    if (!sidecar || cores === undefined || cores >= LEAST_CORES) return [];
    return [
      {
        at: inContainer(workload, sidecar.container, "resources", "limits", "cpu"),
        what: `sluice may run for ${Math.round(cores * 100)} of each 100 ms`,
        fix: "Take the CPU limit away and keep the request, or set it to 500m at least.",
      },
    ];
  },
};
