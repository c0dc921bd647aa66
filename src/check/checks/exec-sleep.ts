import { onlySleeps } from "../command-line.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const WITHOUT_SHELL = /distroless|(?:^|\/)(?:scratch|static)(?:[:@]|$)|(?:^|\/)pause(?:[:@]|$)/;

export const execSleep: Check = {
  id: "exec-sleep",
  severity: "warning",
  title: "A preStop hook runs `sleep` inside the app's image.",
  why:
    "The hook needs a sleep, and mostly a shell, in the image. Where they are missing the hook fails, the kubelet goes on at once, and " +
    "the wait is gone without anybody noticing. A sleep is a guess besides: too short for a long request, too long for all others.",
  find({ workload, apps }) {
    return apps
      .filter(({ container }) => container.preStop?.kind === "exec" && onlySleeps(container.preStop.command))
      .map(({ container }) => {
        const lacksShell = WITHOUT_SHELL.test(container.image);
        return {
          at: inContainer(workload, container, "lifecycle", "preStop", "exec"),
          what: lacksShell
            ? `the hook runs sleep, which image ${container.image} most likely lacks`
            : "the hook waits by running sleep in the app's container",
          fix: "Use `preStop: {sleep: {seconds: …}}` (Kubernetes 1.30 and later), or sluice, whose hooks end when the work has ended.",
          ...(lacksShell ? { severity: "error" as const } : {}),
        };
      });
  },
};
