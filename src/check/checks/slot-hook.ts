import type { Check } from "../finding.ts";
import { lacksToken, wrongCall } from "../kubelet-call.ts";
import { inContainer } from "../place.ts";

export const slotHook: Check = {
  id: "slot-hook",
  severity: "error",
  title: "A slot's preStop hook is missing or wrong.",
  why:
    "/prestop/slots/NAME is what makes the kubelet wait with SIGTERM until none of the app's work is in flight. Without it, or with one that sluice refuses, " +
    "SIGTERM comes at once, into the middle of requests; the kubelet does not look at a hook's answer.",
  find({ workload, sidecar, apps }) {
    if (!sidecar) return [];
    const slots = sidecar.config?.slots ?? [];
    return apps.flatMap(({ container, slot }) => {
      const name = slot ?? (slots.length === 1 ? slots[0]?.name : undefined);
      // Which slot it is has a check of its own.
      if (name === undefined || (slots.length > 0 && !slots.some((one) => one.name === name))) return [];
      const wrong =
        wrongCall(container, container.preStop, `/prestop/slots/${name}`, sidecar) ??
        lacksToken(container.preStop, sidecar);
      if (wrong === undefined) return [];
      return [
        {
          at: inContainer(workload, container, "lifecycle", "preStop"),
          what: `the preStop hook of container ${container.name}: ${wrong}`,
          fix: `lifecycle: {preStop: {httpGet: {path: /prestop/slots/${name}, port: ${sidecar.opsPort}}}}`,
        },
      ];
    });
  },
};
