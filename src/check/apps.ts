// Which containers of a Pod serve requests. With sluice they are its slots; without it, they must be guessed.

import type { Service } from "../manifest/service.ts";
import { type Container, portNumber, type Workload } from "../manifest/workload.ts";
import type { AppContainer } from "./facts.ts";
import type { Sidecar } from "./sidecar.ts";

/** The slot's name in a path such as /prestop/slots/a. */
const SLOT_PATH = /^\/(?:prestop|livez)\/slots\/([^/]+)$/;

/** The slot that the container says it is: by its variable, else by its hook, else by its liveness probe. */
function slotOf({ env, preStop, livenessProbe }: Container): string | undefined {
  return (
    env.get("SLUICE_SLOT") ??
    SLOT_PATH.exec(preStop?.path ?? "")?.[1] ??
    SLOT_PATH.exec(livenessProbe?.path ?? "")?.[1]
  );
}

/** The containers of slots. Where none says so, the only other one, or those that have a slot's port. */
export function slotContainers(
  { containers }: Workload,
  { container: sluice, config }: Sidecar,
): readonly AppContainer[] {
  const others = containers.filter((container) => container !== sluice);
  const named = others
    .map((container) => ({ container, slot: slotOf(container) }))
    .filter(({ slot }) => slot !== undefined);
  if (named.length > 0) return named;
  if (others.length === 1) return others.map((container) => ({ container, slot: undefined }));
  const ports = new Set((config?.slots ?? []).map(({ port }) => port));
  return others
    .filter(
      ({ env, ports: own }) =>
        ports.has(Number(env.get("PORT"))) || own.some(({ number }) => ports.has(number)),
    )
    .map((container) => ({ container, slot: undefined }));
}

/** The containers that Services send to; else those that have a readinessProbe; else the first with a port. */
export function servingContainers(workload: Workload, services: readonly Service[]): readonly AppContainer[] {
  const { containers } = workload;
  const targets = services.flatMap(({ ports }) => ports.map(({ target }) => target));
  const isTargeted = (container: Container) =>
    targets.some((target) => {
      const number = portNumber(container, target);
      return (
        number !== undefined &&
        (typeof target === "string" || container.ports.some((port) => port.number === number))
      );
    });
  const targeted = containers.filter(isTargeted);
  const probed = containers.filter(({ readinessProbe }) => readinessProbe !== undefined);
  const withPorts = containers.filter(({ ports }) => ports.length > 0).slice(0, 1);
  // A Service may send to a port that no container declares.
  const sole = services.length > 0 ? containers.slice(0, 1) : [];
  const found = [targeted, probed, withPorts, sole].find((list) => list.length > 0) ?? [];
  return found.map((container) => ({ container, slot: undefined }));
}
