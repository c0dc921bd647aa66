import type { Check } from "../finding.ts";
import { wrongCall } from "../kubelet-call.ts";
import { inContainer } from "../place.ts";

export const livenessPastSluice: Check = {
  id: "liveness-past-sluice",
  severity: "error",
  title: "A slot's livenessProbe asks the app past sluice.",
  why:
    "sluice knows when an app may be slow: it starts, it drains, the slot holds a placeholder. /livez/slots/NAME answers 200 then. A probe of the app itself kills it in " +
    "those moments, with the requests that it was about to finish, and restarts a placeholder for ever.",
  find({ workload, sidecar, apps }) {
    if (!sidecar) return [];
    const slots = sidecar.config?.slots ?? [];
    const isTwoSlots = Math.max(slots.length, apps.length) > 1;
    return apps.flatMap(({ container, slot }) => {
      const name = slot ?? (slots.length === 1 ? slots[0]?.name : undefined);
      if (!container.livenessProbe || name === undefined) return [];
      const wrong = wrongCall(container, container.livenessProbe, `/livez/slots/${name}`, sidecar);
      if (wrong === undefined) return [];
      return [
        {
          at: inContainer(workload, container, "livenessProbe"),
          what: `the livenessProbe of container ${container.name}: ${wrong}`,
          fix: `livenessProbe: {httpGet: {path: /livez/slots/${name}, port: ${sidecar.opsPort}}}`,
          ...(isTwoSlots ? {} : { severity: "warning" as const }),
        },
      ];
    });
  },
};
