import type { Check } from "../finding.ts";
import { wrongCall } from "../kubelet-call.ts";
import { inContainer } from "../place.ts";

export const sluiceLiveness: Check = {
  id: "sluice-liveness",
  severity: "error",
  title: "sluice's livenessProbe asks for something else than /livez.",
  why:
    "/livez says that sluice itself is alive. A probe of anything else, /readyz or the app say, restarts sluice when the app is away: every connection of the " +
    "Pod and every held request goes with it.",
  find({ workload, sidecar }) {
    const probe = sidecar?.container.livenessProbe;
    if (!sidecar || !probe) return [];
    const wrong = wrongCall(sidecar.container, probe, "/livez", sidecar);
    if (wrong === undefined) return [];
    return [
      {
        at: inContainer(workload, sidecar.container, "livenessProbe"),
        what: `sluice's livenessProbe: ${wrong}`,
        fix: `livenessProbe: {httpGet: {path: /livez, port: ${sidecar.opsPort}}}`,
      },
    ];
  },
};
