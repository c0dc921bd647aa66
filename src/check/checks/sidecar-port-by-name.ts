import { formatClusterVersion, isOlderThan } from "../cluster-version.ts";
import type { Check } from "../finding.ts";
import { inObject } from "../place.ts";

export const sidecarPortByName: Check = {
  id: "sidecar-port-by-name",
  severity: "error",
  title: "A Service names a port of a native sidecar on a cluster that does not look there (before 1.33).",
  why:
    "Before Kubernetes 1.33 the names of ports are looked up in ordinary containers only (kubernetes#128850). The Service's endpoints then have no " +
    "port, and every connection is refused although all Pods are ready.",
  find({ workload, services, clusterVersion }) {
    if (!clusterVersion || !isOlderThan(clusterVersion, 33)) return [];
    const has = (
      list: readonly { readonly ports: readonly { readonly name: string | undefined }[] }[],
      name: string,
    ) => list.some(({ ports }) => ports.some((port) => port.name === name));
    return services.flatMap((service) =>
      service.ports.flatMap(({ target }, index) => {
        if (typeof target !== "string" || has(workload.containers, target)) return [];
        const sidecar = workload.initContainers.find(
          (container) => container.isNativeSidecar && has([container], target),
        );
        const port = sidecar?.ports.find(({ name }) => name === target)?.number;
        if (!sidecar || port === undefined) return [];
        return [
          {
            at: inObject(service.object, "spec", "ports", index, "targetPort"),
            what: `${service.title} sends to ${target} of native sidecar ${sidecar.name}, and the cluster is ${formatClusterVersion(clusterVersion)}`,
            fix: `Write targetPort: ${port}.`,
          },
        ];
      }),
    );
  },
};
