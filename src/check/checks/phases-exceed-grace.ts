import { formatDuration } from "../../config/duration.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const phasesExceedGrace: Check = {
  id: "phases-exceed-grace",
  severity: "error",
  title: "The phases of a stop do not fit into the grace.",
  why:
    "drain-delay, slot-drain and exit-reserve follow each other within the grace. Where they are longer, sluice refuses to start; where only the Pod's own grace is shorter, " +
    "the kubelet kills the Pod before the drain has ended.",
  find({ workload, sidecar }) {
    if (!sidecar) return [];
    const place = inContainer(workload, sidecar.container, "args");
    const fix =
      "Shorten --drain-delay, --slot-drain or --exit-reserve, or raise terminationGracePeriodSeconds and --grace together.";
    const refused = sidecar.problems.find((problem) => problem.includes("exit-reserve"));
    if (refused !== undefined) return [{ at: place, what: `sluice would refuse to start: ${refused}`, fix }];
    const { config } = sidecar;
    if (!config || sidecar.isSet("drain-delay") === undefined) return [];
    const sum = config.drainDelayMs + config.slotDrainMs + config.exitReserveMs;
    const pod = (workload.grace ?? 30) * 1_000;
    if (sum <= pod) return [];
    return [
      {
        at: place,
        what: `drain-delay + slot-drain + exit-reserve are ${formatDuration(sum)}, and the Pod has ${formatDuration(pod)}`,
        fix,
      },
    ];
  },
};
