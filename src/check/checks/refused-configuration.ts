import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const refusedConfiguration: Check = {
  id: "refused-configuration",
  severity: "error",
  title: "sluice would refuse its configuration and not start.",
  why: "sluice refuses what it does not understand, with exit code 64: the Pod never gets ready, and a rolling update hangs.",
  find: ({ workload, sidecar }) =>
    sidecar
      ? sidecar.problems
          // The phases have a check of their own.
          .filter((problem) => !problem.includes("exit-reserve"))
          .map((problem) => ({
            at: inContainer(workload, sidecar.container, problem.startsWith("SLUICE_") ? "env" : "args"),
            what: problem,
            fix: "`sluice config` with the same options says the same; docs/configuration.md lists them all.",
          }))
      : [],
};
