import type { Check } from "../finding.ts";
import { lacksToken, wrongCall } from "../kubelet-call.ts";
import { inContainer } from "../place.ts";

export const podHook: Check = {
  id: "pod-hook",
  severity: "error",
  title: "sluice's own preStop hook is missing or wrong.",
  why:
    "/prestop/pod tells sluice that the Pod is going: lame duck, clients sent elsewhere, drain. Without it sluice learns of the stop when its SIGTERM comes; " +
    "for a native sidecar that is after the app has ended. The kubelet does not look at a hook's answer, so that a wrong one counts as done.",
  find({ workload, sidecar }) {
    if (!sidecar) return [];
    const { container } = sidecar;
    const wrong =
      wrongCall(container, container.preStop, "/prestop/pod", sidecar) ??
      lacksToken(container.preStop, sidecar);
    if (wrong === undefined) return [];
    return [
      {
        at: inContainer(workload, container, "lifecycle", "preStop"),
        what: `sluice's preStop hook: ${wrong}`,
        fix: `lifecycle: {preStop: {httpGet: {path: /prestop/pod, port: ${sidecar.opsPort}}}}`,
      },
    ];
  },
};
