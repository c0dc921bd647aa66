import { sleepSeconds } from "../command-line.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

/** Below this an app has hardly begun to end its requests. */
const LEAST_REST_SECONDS = 2;

export const sleepExceedsGrace: Check = {
  id: "sleep-exceeds-grace",
  severity: "error",
  title: "A preStop hook sleeps away the whole grace period.",
  why:
    "terminationGracePeriodSeconds begins before preStop and includes it. When the hook has used it up, the app gets SIGTERM and, two " +
    "seconds later at most, SIGKILL, with every request that it still has.",
  find({ workload, apps }) {
    const grace = workload.grace ?? 30;
    return apps.flatMap(({ container }) => {
      const hook = container.preStop;
      const seconds =
        hook?.kind === "sleep"
          ? hook.seconds
          : hook?.kind === "exec"
            ? sleepSeconds(hook.command)
            : undefined;
      if (seconds === undefined || grace - seconds >= LEAST_REST_SECONDS) return [];
      return [
        {
          at: inContainer(workload, container, "lifecycle", "preStop"),
          what: `the hook sleeps ${seconds} s of a grace of ${grace} s`,
          fix: `Raise terminationGracePeriodSeconds to ${seconds} plus the longest request, or sleep for less.`,
        },
      ];
    });
  },
};
