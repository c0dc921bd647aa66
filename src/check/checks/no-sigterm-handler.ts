import type { LiveSlot } from "../facts.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

/** As the lifecycle's readiness words it: health/objection.ts. */
const OBJECTION = /(?:its handshake lacks|its process has no handler for) [A-Z0-9, ]+/;

export const noSigtermHandler: Check = {
  id: "no-sigterm-handler",
  severity: "error",
  live: true,
  title: "The app has no handler for SIGTERM, as sluice saw it.",
  why:
    "A process without a handler dies of SIGTERM at once, in the middle of its requests; as PID 1 it ignores the signal and is killed when the grace has passed. sluice sees it from " +
    "the handshake and, with --shared-pids, in SigCgt of /proc/PID/status.",
  find({ workload, apps, pods, sidecar }) {
    if (!sidecar) return [];
    return (pods ?? []).flatMap(({ name, slots }) =>
      (slots ?? []).flatMap((slot) => {
        const objection = objectionOf(slot);
        if (objection === undefined) return [];
        const app = apps.find((one) => one.slot === slot.name) ?? apps[0];
        return [
          {
            at: app ? inContainer(workload, app.container) : inContainer(workload, sidecar.container),
            what: `${name}, slot ${slot.name}: ${objection}`,
            fix: "Register a handler for SIGTERM that ends the app in order, and shake hands after that; start the app without a shell (shell-as-pid-1).",
          },
        ];
      }),
    );
  },
};

function objectionOf({ waitingFor }: LiveSlot): string | undefined {
  return waitingFor.map((words) => OBJECTION.exec(words)?.[0]).find((words) => words !== undefined);
}
