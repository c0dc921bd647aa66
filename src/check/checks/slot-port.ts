import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const slotPort: Check = {
  id: "slot-port",
  severity: "error",
  title: "The app's PORT is not the port of its slot.",
  why: "sluice sends the slot's requests to the address in --slots. An app that listens elsewhere never passes its probe, and the Pod never gets ready.",
  find({ workload, sidecar, apps }) {
    const slots = sidecar?.config?.slots ?? [];
    return apps.flatMap(({ container, slot }) => {
      const port = container.env.get("PORT");
      const address = slots.find(({ name }) => name === slot) ?? (slots.length === 1 ? slots[0] : undefined);
      if (port === undefined || !address || Number(port) === address.port) return [];
      return [
        {
          at: inContainer(workload, container, "env"),
          what: `container ${container.name} has PORT ${port}, and slot ${address.name} is ${address.host}:${address.port}`,
          fix: `Set PORT to ${address.port}, or change --slots.`,
        },
      ];
    });
  },
};
