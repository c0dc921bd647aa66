import { commandLine, handsOver, isSimple, shellScript } from "../command-line.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const shellAsPid1: Check = {
  id: "shell-as-pid-1",
  severity: "error",
  title: "A shell runs the app and keeps SIGTERM from it.",
  why:
    "SIGTERM goes to the shell alone. As PID 1 it ignores the signal, so that the app is never told to stop, goes on until the " +
    "grace has passed, and is killed with every request that it still has.",
  find({ workload, apps }) {
    return apps.flatMap(({ container }) => {
      const found = shellScript(commandLine(container));
      if (!found || handsOver(found.script)) return [];
      const simple = isSimple(found.script);
      return [
        {
          at: inContainer(workload, container, container.command ? "command" : "args"),
          what: `${found.shell} -c runs the app as its child${simple ? ", unless this image's shell gives its place up by itself" : ""}`,
          fix: "Put `exec` before the last command of the script, or give the app's command as a list without a shell.",
          // bash and newer dash replace themselves by a sole command; busybox and older ones need not.
          ...(simple ? { severity: "warning" as const } : {}),
        },
      ];
    });
  },
};
