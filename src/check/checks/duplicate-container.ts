import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const duplicateContainer: Check = {
  id: "duplicate-container",
  severity: "error",
  title: "Two containers of a Pod have one name.",
  why: "The API server refuses the whole object: the update does not happen, and what ran before goes on.",
  find({ workload }) {
    const seen = new Set<string>();
    return [...workload.initContainers, ...workload.containers].flatMap((container) => {
      if (!seen.has(container.name)) {
        seen.add(container.name);
        return [];
      }
      return [
        {
          at: inContainer(workload, container, "name"),
          what: `there is more than one container called ${container.name || "(no name)"}`,
          fix: "Give each container, init containers included, a name of its own.",
        },
      ];
    });
  },
};
