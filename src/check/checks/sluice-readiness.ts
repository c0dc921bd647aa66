import type { Check } from "../finding.ts";
import { wrongCall } from "../kubelet-call.ts";
import { inContainer } from "../place.ts";

export const sluiceReadiness: Check = {
  id: "sluice-readiness",
  severity: "error",
  title: "sluice has no readinessProbe on /readyz.",
  why:
    "The Pod's readiness is what /readyz says: handshake, probe and gates of the app. Without that probe the Pod is ready as soon as sluice runs, gets " +
    "requests while no app can take them, and stays in the endpoints when the app is gone.",
  find({ workload, sidecar }) {
    if (!sidecar) return [];
    const { container } = sidecar;
    const wrong = wrongCall(container, container.readinessProbe, "/readyz", sidecar);
    if (wrong === undefined) return [];
    return [
      {
        at: inContainer(workload, container, "readinessProbe"),
        what: `sluice's readinessProbe: ${wrong}`,
        fix: `readinessProbe: {httpGet: {path: /readyz, port: ${sidecar.opsPort}}, periodSeconds: 1}`,
      },
    ];
  },
};
