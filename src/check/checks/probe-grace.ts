import { formatDuration } from "../../config/duration.ts";
import { numberOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const PROBES = ["livenessProbe", "startupProbe"] as const;

export const probeGrace: Check = {
  id: "probe-grace",
  severity: "warning",
  title: "A probe has a grace of its own that is shorter than the drain.",
  why:
    "A probe's terminationGracePeriodSeconds takes the place of the Pod's when that probe fails: hook and stop together must be over by then. The container is killed while its slot still " +
    "drains.",
  find({ workload, sidecar, apps }) {
    const config = sidecar?.config;
    if (!sidecar || !config) return [];
    const least = config.slotDrainMs + config.exitReserveMs;
    return [sidecar.container, ...apps.map(({ container }) => container)].flatMap((container) =>
      PROBES.flatMap((probe) => {
        const seconds = numberOf(container[probe]?.value.terminationGracePeriodSeconds);
        if (seconds === undefined || seconds * 1_000 >= least) return [];
        return [
          {
            at: inContainer(workload, container, probe, "terminationGracePeriodSeconds"),
            what: `it is ${seconds} s, and slot-drain and exit-reserve take ${formatDuration(least)}`,
            fix: `Take it away, or set it to ${Math.ceil(least / 1_000)} at least.`,
          },
        ];
      }),
    );
  },
};
