import { at } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";
import { parseQuantity } from "../quantity.ts";

const MIB = 1_024 * 1_024;
const LEAST_MIB = 128;

export const memoryLimit: Check = {
  id: "memory-limit",
  severity: "warning",
  title: "sluice's memory limit is so low that it may be killed.",
  why:
    "sluice takes about 50 MB when idle and twice that with 1,000 connections, more while requests are held. At the limit the kernel kills it, and every connection of the Pod " +
    "is cut.",
  find({ workload, sidecar }) {
    const bytes = parseQuantity(at(sidecar?.container.value, "resources", "limits", "memory"));
    if (!sidecar || bytes === undefined || bytes >= LEAST_MIB * MIB) return [];
    return [
      {
        at: inContainer(workload, sidecar.container, "resources", "limits", "memory"),
        what: `sluice may take ${Math.floor(bytes / MIB)} MiB`,
        fix: "Set it to 384Mi, or to 128Mi at least.",
      },
    ];
  },
};
