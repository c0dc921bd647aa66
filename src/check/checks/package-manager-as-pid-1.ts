import { baseName, commandLine, shellScript } from "../command-line.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const STARTS = /^(?:exec\s+)?(?:\S*\/)?(npm|yarn|pnpm)\s+(?:run\s+|run-script\s+)?[\w:-]+/;

export const packageManagerAsPid1: Check = {
  id: "package-manager-as-pid-1",
  severity: "warning",
  title: "A package manager runs the app and passes signals on badly or not at all.",
  why:
    "npm, yarn and pnpm start the app through a shell of their own. Depending on their version SIGTERM ends them while the app " +
    "is still serving, and the container with them, or never reaches the app.",
  find({ workload, apps }) {
    return apps.flatMap(({ container }) => {
      const words = commandLine(container);
      const line =
        shellScript(words)
          ?.script.trim()
          .split(/\n|;|&&/)
          .at(-1)
          ?.trim() ?? [baseName(words[0] ?? ""), ...words.slice(1)].join(" ");
      const manager = STARTS.exec(line)?.[1];
      if (!manager) return [];
      return [
        {
          at: inContainer(workload, container, container.command ? "command" : "args"),
          what: `${manager} is what the kubelet sends SIGTERM to, not the app`,
          fix: "Start the app itself, as in `command: [node, server.js]`.",
        },
      ];
    });
  },
};
