import { type Container, type Handler, portNumber } from "../../manifest/workload.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const HANDLERS: readonly (readonly [readonly string[], (container: Container) => Handler | undefined])[] = [
  [["readinessProbe"], ({ readinessProbe }) => readinessProbe],
  [["livenessProbe"], ({ livenessProbe }) => livenessProbe],
  [["startupProbe"], ({ startupProbe }) => startupProbe],
  [["lifecycle", "preStop"], ({ preStop }) => preStop],
  [["lifecycle", "postStart"], ({ postStart }) => postStart],
];

export const unknownPortName: Check = {
  id: "unknown-port-name",
  severity: "error",
  title: "A probe or hook names a port that its own container does not have.",
  why:
    "The kubelet looks a port's name up in the ports of the same container only; those of another container, the sidecar say, do not count. " +
    "A probe then fails for ever, and a preStop hook is skipped: SIGTERM comes at once, and only an event tells of it.",
  find({ workload }) {
    return [...workload.initContainers, ...workload.containers].flatMap((container) =>
      HANDLERS.flatMap(([path, handlerOf]) => {
        const handler = handlerOf(container);
        const { kind, port } = handler ?? {};
        if (kind === undefined || typeof port !== "string" || portNumber(container, port) !== undefined)
          return [];
        return [
          {
            at: inContainer(workload, container, ...path, kind, "port"),
            what: `container ${container.name} has no port called ${port}`,
            fix: "Give the port's number, or name it in this container's own ports.",
          },
        ];
      }),
    );
  },
};
