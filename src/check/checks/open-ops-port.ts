import type { ManifestObject } from "../../manifest/documents.ts";
import { at, type JsonObject, numberOf, objectsOf, stringsOf } from "../../manifest/json-value.ts";
import type { Check } from "../finding.ts";
import { inContainer, inObject } from "../place.ts";
import type { Sidecar } from "../sidecar.ts";

export const openOpsPort: Check = {
  id: "open-ops-port",
  severity: "warning",
  title: "The ops port is open to every Pod of the cluster: no NetworkPolicy.",
  why:
    "The ops port serves metrics, readiness and hooks on the Pod's address. Hooks are guarded by the caller's address or a token; where a network hides addresses, or the token " +
    "gets about, whoever reaches the port can make the Pod drain.",
  find({ workload, sidecar, policies }) {
    if (!sidecar || !policies) return [];
    const ingress = policies.filter(isForIngress);
    const port = sidecar.opsPort;
    const fix =
      "Add a NetworkPolicy that lets only Prometheus in (k8s/network-policy.yaml); the kubelet always gets through.";
    if (ingress.length === 0) {
      return [
        {
          at: inContainer(workload, sidecar.container, "ports"),
          what: `no NetworkPolicy among what was given guards port ${port}`,
          fix,
        },
      ];
    }
    // Policies add up: one that lets everybody in is enough.
    return ingress.flatMap((policy) =>
      objectsOf(at(policy.value, "spec", "ingress")).flatMap((rule, index) =>
        opens(rule, port, sidecar)
          ? [
              {
                at: inObject(policy, "spec", "ingress", index),
                what: `NetworkPolicy ${policy.name} lets everybody in at port ${port}`,
                fix,
              },
            ]
          : [],
      ),
    );
  },
};

function isForIngress({ value }: ManifestObject): boolean {
  const types = stringsOf(at(value, "spec", "policyTypes"));
  return types === undefined || types.includes("Ingress");
}

function opens(rule: JsonObject, port: number, { container }: Sidecar): boolean {
  const peers = objectsOf(rule.from);
  const isEverybody =
    peers.length === 0 ||
    peers.some(
      (peer) => /^(?:0\.0\.0\.0|::)\/0$/.test(String(at(peer, "ipBlock", "cidr"))) || isAnyPod(peer),
    );
  const ports = objectsOf(rule.ports);
  const hits =
    ports.length === 0 ||
    ports.some((one) => {
      const first =
        typeof one.port === "string"
          ? container.ports.find(({ name }) => name === one.port)?.number
          : numberOf(one.port);
      if (one.port === undefined) return one.protocol === undefined || one.protocol === "TCP";
      return first !== undefined && port >= first && port <= (numberOf(one.endPort) ?? first);
    });
  return isEverybody && hits;
}

/** Every Pod of every namespace. */
function isAnyPod({ namespaceSelector, podSelector }: JsonObject): boolean {
  const isEmpty = (selector: unknown): boolean =>
    typeof selector === "object" && selector !== null && Object.keys(selector).length === 0;
  return isEmpty(namespaceSelector) && (podSelector === undefined || isEmpty(podSelector));
}
