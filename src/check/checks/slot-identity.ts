import type { Check, Trace } from "../finding.ts";
import { inContainer } from "../place.ts";

export const slotIdentity: Check = {
  id: "slot-identity",
  severity: "error",
  title: "Slots and containers do not match: a slot without a container, or a container of an unknown slot.",
  why:
    "A slot without an app never takes a request, and with only that slot the Pod never gets ready. Hooks and handshakes for a slot that sluice does not have are " +
    "answered with 404, which the kubelet takes for done.",
  find({ workload, sidecar, apps }) {
    const config = sidecar?.config;
    if (!sidecar || !config) return [];
    const names = config.slots.map(({ name }) => name);
    const traces: Trace[] = [];
    const seen = new Map<string, string>();
    for (const { container, slot } of apps) {
      const place = inContainer(workload, container, "env");
      if (slot === undefined) {
        if (config.handshake === "required") {
          traces.push({
            at: place,
            what: `container ${container.name} does not say which slot it is`,
            fix: `Give it SLUICE_SLOT with one of: ${names.join(", ")}.`,
          });
        }
        continue;
      }
      if (!names.includes(slot)) {
        traces.push({
          at: place,
          what: `container ${container.name} says that it is slot ${slot}, and sluice has: ${names.join(", ")}`,
          fix: "Let SLUICE_SLOT, the hook's path and --slots agree.",
        });
      }
      const other = seen.get(slot);
      if (other !== undefined) {
        traces.push({
          at: place,
          what: `containers ${other} and ${container.name} both say that they are slot ${slot}`,
          fix: "Give each slot one container.",
        });
      }
      seen.set(slot, container.name);
    }
    const empty = names.filter((name) => !seen.has(name));
    // Containers that do not say which slot they are, or that name another one, may be those that are missed.
    if (apps.every(({ slot }) => slot !== undefined && names.includes(slot))) {
      for (const name of empty) {
        traces.push({
          at: inContainer(workload, sidecar.container, "args"),
          what: `slot ${name} has no container`,
          fix: "Add its container (a placeholder, if it is for upgrades), or take the slot out of --slots.",
        });
      }
    }
    return traces;
  },
};
