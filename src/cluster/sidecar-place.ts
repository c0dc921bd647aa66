// Where in a Pod sluice runs, and which container is which slot: read from the Pod's spec, as `inject` and the manifests write it.

import { parseControlAddress } from "../config/address.ts";
import type { ContainerSpec, PodSpec } from "./objects.ts";

export interface SidecarPlace {
  readonly container: string;
  /** On the Pod's loopback. */
  readonly controlPort: number;
  /** Undefined where it cannot be told. */
  readonly opsPort: number | undefined;
  /** Slot and container. */
  readonly slots: ReadonlyMap<string, string>;
}

const DEFAULT_CONTROL_PORT = 9081;
const DEFAULT_OPS_PORT = 9080;

/** What is where; or why no upgrade is possible, in one sentence. */
export function findSidecar(spec: PodSpec): SidecarPlace | { readonly problem: string } {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const sidecar =
    all.find((container) => hookPath(container) === "/prestop/pod") ??
    all.find(({ name }) => name === "sluice");
  if (!sidecar) {
    return {
      problem: "it has no sluice: no container has a preStop hook to /prestop/pod, and none is called sluice",
    };
  }
  const control = settingOf(sidecar, "control");
  const controlPort = control === undefined ? DEFAULT_CONTROL_PORT : controlPortOf(control);
  if (controlPort === undefined) {
    return {
      problem: `its sluice has --control ${control}, without a TCP address: add 127.0.0.1:${DEFAULT_CONTROL_PORT}`,
    };
  }
  const slots = new Map<string, string>();
  for (const container of spec.containers) {
    const slot = slotOf(container);
    if (slot === undefined) continue;
    const taken = slots.get(slot);
    if (taken !== undefined)
      return { problem: `the containers ${taken} and ${container.name} are both slot ${slot}` };
    slots.set(slot, container.name);
  }
  if (slots.size === 0)
    return { problem: "no container says which slot it is: set SLUICE_SLOT in its environment" };
  return { container: sidecar.name, controlPort, opsPort: opsPortOf(sidecar), slots };
}

function slotOf(container: ContainerSpec): string | undefined {
  const told = container.env?.find(({ name }) => name === "SLUICE_SLOT")?.value;
  return told ?? /^\/prestop\/slots\/([^/]+)$/.exec(hookPath(container) ?? "")?.[1];
}

function hookPath(container: ContainerSpec): string | undefined {
  return container.lifecycle?.preStop?.httpGet?.path;
}

/** A flag goes before the environment, as in sluice itself. */
function settingOf({ args = [], command = [], env = [] }: ContainerSpec, key: string): string | undefined {
  const words = [...command, ...args];
  for (const [index, word] of words.entries()) {
    if (word === `--${key}`) return words[index + 1];
    if (word.startsWith(`--${key}=`)) return word.slice(key.length + 3);
  }
  const variable = `SLUICE_${key.toUpperCase().replaceAll("-", "_")}`;
  return env.find(({ name }) => name === variable)?.value;
}

function controlPortOf(text: string): number | undefined {
  for (const one of text.split(",")) {
    const address = parseControlAddress(one.trim());
    if (address && "port" in address) return address.port;
  }
  return undefined;
}

function opsPortOf(sidecar: ContainerSpec): number | undefined {
  const told = settingOf(sidecar, "ops");
  if (told === undefined) return DEFAULT_OPS_PORT;
  const port = Number(/(\d+)$/.exec(told)?.[1]);
  return Number.isInteger(port) ? port : undefined;
}
