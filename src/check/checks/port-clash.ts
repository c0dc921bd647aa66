import type { Container } from "../../manifest/workload.ts";
import type { Facts } from "../facts.ts";
import type { Check, Trace } from "../finding.ts";
import { inContainer } from "../place.ts";

export const portClash: Check = {
  id: "port-clash",
  severity: "error",
  title: "Two containers of a Pod want the same port.",
  why:
    "The containers of a Pod share one network: the second to listen on a port fails with EADDRINUSE. Which one that is changes from start to start, and " +
    "requests reach the wrong one or nobody.",
  find: (facts) => [...betweenContainers(facts), ...withSluice(facts)],
};

/** Listens for as long as the Pod lives. */
function lasting({ workload: { containers, initContainers } }: Facts): readonly Container[] {
  return [...initContainers.filter(({ isNativeSidecar }) => isNativeSidecar), ...containers];
}

function betweenContainers(facts: Facts): readonly Trace[] {
  const owners = new Map<string, Container>();
  return lasting(facts).flatMap((container) =>
    container.ports.flatMap(({ number, protocol }, index) => {
      const owner = owners.get(`${number}/${protocol}`);
      if (!owner) owners.set(`${number}/${protocol}`, container);
      if (!owner || owner === container) return [];
      return [
        {
          at: inContainer(facts.workload, container, "ports", index),
          what: `containers ${owner.name} and ${container.name} both have port ${number}`,
          fix: "Give each a port of its own. Behind sluice the app listens on 127.0.0.1:$PORT and declares no port.",
        },
      ];
    }),
  );
}

function withSluice(facts: Facts): readonly Trace[] {
  const { workload, sidecar, apps } = facts;
  if (!sidecar) return [];
  const { listenPort, opsPort, config, container: sluice } = sidecar;
  const taken = new Map([
    [listenPort, "sluice's port for requests (--listen)"],
    [opsPort, "sluice's ops port (--ops)"],
    ...(config?.control ?? []).flatMap((address) =>
      "port" in address ? [[address.port, "sluice's control port (--control)"] as const] : [],
    ),
  ]);
  const ofSlots = new Map(
    (config?.slots ?? []).map(({ port, name }) => [port, `that of slot ${name} (--slots)`]),
  );
  const declared = new Set(sluice.ports.map(({ number }) => number));
  return lasting(facts)
    .filter((container) => container !== sluice)
    .flatMap((container) => {
      const own = container.ports
        .map(({ number, protocol }, index) => ({ number, protocol, steps: ["ports", index] as const }))
        // Where sluice declares the port too, the containers have been compared already.
        .filter(({ number, protocol }) => protocol === "TCP" && !declared.has(number));
      const variable = Number(container.env.get("PORT"));
      const wanted = [
        ...own,
        ...(Number.isNaN(variable) ? [] : [{ number: variable, steps: ["env"] as const }]),
      ];
      const isSlot = apps.some((app) => app.container === container);
      const ownerOf = (number: number) => taken.get(number) ?? (isSlot ? undefined : ofSlots.get(number));
      return wanted
        .filter(({ number }) => ownerOf(number) !== undefined)
        .map(({ number, steps }) => ({
          at: inContainer(workload, container, ...steps),
          what: `container ${container.name} wants port ${number}, which is ${ownerOf(number)}`,
          fix: "Let the app listen on its slot's port (127.0.0.1:8081 by default), or move sluice to another one (--listen :18080).",
        }));
    });
}
