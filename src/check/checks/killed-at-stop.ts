import { at, numberOf, objectsOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const SIGKILLED = 137;

export const killedAtStop: Check = {
  id: "killed-at-stop",
  severity: "warning",
  live: true,
  title: "A container's last life ended by SIGKILL.",
  why:
    "Exit code 137 without OOMKilled mostly means that the container was told to stop, did not, and was killed when the grace had passed: no handler for SIGTERM, a shell in " +
    "between, or requests that last longer than the grace.",
  find({ workload, apps, pods }) {
    return apps.flatMap(({ container }) => {
      const killed = (pods ?? []).filter(({ value }) => {
        const status = objectsOf(at(value, "status", "containerStatuses")).find(
          ({ name }) => name === container.name,
        );
        const last = at(status, "lastState", "terminated");
        return numberOf(at(last, "exitCode")) === SIGKILLED && at(last, "reason") !== "OOMKilled";
      });
      if (killed.length === 0) return [];
      return [
        {
          at: inContainer(workload, container),
          what: `container ${container.name} was last ended by SIGKILL in ${killed.map(({ name }) => name).join(", ")}`,
          fix: "Find out why it did not end by itself: a missing handler (no-sigterm-handler), a shell (shell-as-pid-1), or a grace shorter than its requests.",
        },
      ];
    });
  },
};
