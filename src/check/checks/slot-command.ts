import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const slotCommand: Check = {
  id: "slot-command",
  severity: "error",
  title: "A slot of a two-slot Pod has command or args.",
  why:
    "In a running Pod only a container's image can be changed. The same command would then be run in the placeholder's image, which has no such file, or in a new " +
    "version that needs another: the slot crash-loops and makes the Pod unready.",
  find({ workload, sidecar, apps }) {
    if (!sidecar || Math.max(sidecar.config?.slots.length ?? 0, apps.length) < 2) return [];
    return apps.flatMap(({ container }) => {
      const field = container.command ? "command" : container.args ? "args" : undefined;
      if (field === undefined) return [];
      return [
        {
          at: inContainer(workload, container, field),
          what: `container ${container.name} of a two-slot Pod sets ${field}`,
          fix: "Put the command into the image (ENTRYPOINT and CMD), and what differs into the environment.",
        },
      ];
    });
  },
};
