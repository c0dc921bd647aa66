import { commandLine } from "../command-line.ts";
import type { Check } from "../finding.ts";
import { inContainer } from "../place.ts";

const HOST_VARIABLE =
  /^(?:HOST|HOSTNAME|BIND|LISTEN|ADDR(?:ESS)?|(?:.*_)?(?:BIND|LISTEN)(?:_?(?:ADDR(?:ESS)?|HOST|IP))?|(?:.*_)?(?:HTTP|SERVER)_(?:ADDR(?:ESS)?|HOST|ADDRESS))$/;
const ALL_ADDRESSES = /(?:^|[\s=/@"'])(?:0\.0\.0\.0|\[?::\]?)(?::\d+)?(?:$|[\s"'/,])/;

export const slotOnPodIp: Check = {
  id: "slot-on-pod-ip",
  severity: "warning",
  title: "A slot listens on the Pod's address too: requests can come past sluice.",
  why:
    "What reaches the app directly (another Pod, an old Service, a mesh) is not held, drained or counted, and is cut at each stop. On 127.0.0.1 only sluice can " +
    "reach it.",
  find({ workload, sidecar, apps }) {
    if (!sidecar) return [];
    const slots = sidecar.config?.slots ?? [];
    return apps.flatMap(({ container, slot }) => {
      const address = slots.find(({ name }) => name === slot) ?? (slots.length === 1 ? slots[0] : undefined);
      const port = container.ports.findIndex(
        ({ number, protocol }) => number === address?.port && protocol === "TCP",
      );
      const variable = [...container.env].find(
        ([name, value]) => HOST_VARIABLE.test(name) && ALL_ADDRESSES.test(value ?? ""),
      );
      const fix =
        "Let the app listen on 127.0.0.1 and declare no port; where it cannot, a NetworkPolicy that lets only sluice's port in.";
      if (variable) {
        return [
          {
            at: inContainer(workload, container, "env"),
            what: `container ${container.name} listens on all addresses (${variable.join("=")})`,
            fix,
          },
        ];
      }
      if (ALL_ADDRESSES.test(commandLine(container).join(" "))) {
        return [
          {
            at: inContainer(workload, container, container.args ? "args" : "command"),
            what: `container ${container.name} is told to listen on all addresses`,
            fix,
          },
        ];
      }
      if (port === -1) return [];
      return [
        {
          at: inContainer(workload, container, "ports", port),
          what: `container ${container.name} declares the slot's port ${address?.port} as a port of the Pod`,
          fix,
        },
      ];
    });
  },
};
