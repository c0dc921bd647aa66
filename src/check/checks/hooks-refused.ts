import { at, objectsOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

export const hooksRefused: Check = {
  id: "hooks-refused",
  severity: "error",
  title: "sluice would refuse the kubelet's hooks: no node address, no token.",
  why:
    "Hooks are answered to the node and the Pod's gateway, which sluice knows by --node-ip, or to whoever has the token. Without either, the kubelet gets 403, takes that " +
    "for done, and sends SIGTERM at once. Readiness probes are answered 503 so that this shows at the first start.",
  find({ workload, sidecar }) {
    if (!sidecar || workload.spec.hostNetwork === true) return [];
    const { container, isSet, config } = sidecar;
    if (isSet("hook-token") !== false || isSet("hook-from") !== false || isSet("node-ip") === undefined)
      return [];
    const fix = "env: [{name: SLUICE_NODE_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]";
    if (isSet("node-ip") === false) {
      return [
        { at: inContainer(workload, container, "env"), what: "nothing tells sluice the node's address", fix },
      ];
    }
    const isFixed = !objectsOf(container.value.env).some(
      (entry) => at(entry, "valueFrom", "fieldRef", "fieldPath") === "status.hostIP",
    );
    if (!isFixed || config?.nodeIp === undefined) return [];
    return [
      {
        at: inContainer(workload, container),
        what: `--node-ip is ${config.nodeIp} whatever node the Pod runs on`,
        fix,
      },
    ];
  },
};
