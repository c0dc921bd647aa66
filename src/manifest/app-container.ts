// Which container is the app, and which of its ports carries the requests.

import type { Account } from "./account.ts";
import type { InjectOptions } from "./inject-options.ts";
import type { Service } from "./service.ts";
import { type Container, type Port, portNumber, type Workload } from "./workload.ts";

export interface App {
  readonly container: Container;
  /** The port on which requests have come so far. */
  readonly port: number;
  /** Its entry in the container, if there is one. */
  readonly entry: Port | undefined;
}

/** The port of sluice and of most apps, where a manifest names none. */
const USUAL_PORT = 8_080;
const USUAL_NAME = /^(http|web)(-.*)?$|^http2?$|^h2c$/;

/** `services` are those that select the workload. Undefined after a refusal that names the candidates. */
export function findApp(
  workload: Workload,
  services: readonly Service[],
  options: InjectOptions,
  account: Account,
): App | undefined {
  const container = findContainer(workload, services, options, account);
  if (!container) return undefined;
  const ports = container.ports.filter(({ protocol }) => protocol === "TCP");
  if (options.port !== undefined) {
    const port = portNumber(container, options.port);
    if (port === undefined) {
      account.refuse(`${container.name} has no port called ${options.port}; it has ${listPorts(ports)}`);
      return undefined;
    }
    return { container, port, entry: ports.find(({ number }) => number === port) };
  }
  const candidates = pick([
    targetsOf(container, services).filter((number) => isUsual(number, ports)),
    targetsOf(container, services),
    ports.map(({ number }) => number).filter((number) => isUsual(number, ports)),
    ports.map(({ number }) => number),
    [options.appPort ?? USUAL_PORT],
  ]);
  const [port] = candidates;
  if (port === undefined || candidates.length > 1) {
    account.refuse(
      `${container.name} has ${listPorts(ports)}: say by --port which of them carries the requests`,
    );
    return undefined;
  }
  return { container, port, entry: ports.find(({ number }) => number === port) };
}

function findContainer(
  { containers }: Workload,
  services: readonly Service[],
  { container: wanted }: InjectOptions,
  account: Account,
): Container | undefined {
  const names = containers.map(({ name }) => name).join(", ");
  if (wanted !== undefined) {
    const found = containers.find(({ name }) => name === wanted);
    if (!found) account.refuse(`there is no container ${wanted}; there are: ${names}`);
    return found;
  }
  const has = (container: Container, isIt: (port: Port) => boolean): boolean =>
    container.ports.some((port) => port.protocol === "TCP" && isIt(port));
  const candidates = pick([
    containers.length === 1 ? containers : [],
    containers.filter((container) =>
      targetsOf(container, services).some((number) => isUsual(number, container.ports)),
    ),
    containers.filter((container) => targetsOf(container, services).length > 0),
    containers.filter((container) => has(container, ({ number }) => number === USUAL_PORT)),
    containers.filter((container) => has(container, ({ name }) => name === "http")),
    containers,
  ]);
  if (candidates.length === 1) return candidates[0];
  account.refuse(`which container is the app cannot be told; say it by --container: ${names}`);
  return undefined;
}

/** Numbers of the container's ports to which the Services send. */
function targetsOf(container: Container, services: readonly Service[]): readonly number[] {
  const numbers = services
    .flatMap(({ ports }) => ports.filter(({ protocol }) => protocol === "TCP"))
    .map(({ target }) => portNumber(container, target))
    .filter((number) => number !== undefined && (container.ports.length === 0 || hasPort(container, number)));
  return [...new Set(numbers as readonly number[])];
}

function hasPort(container: Container, number: number): boolean {
  return container.ports.some((port) => port.number === number);
}

function isUsual(number: number, ports: readonly Port[]): boolean {
  return ports.some(
    (port) => port.number === number && (number === USUAL_PORT || USUAL_NAME.test(port.name ?? "")),
  );
}

/** The first list that has anything in it. */
function pick<T>(lists: readonly (readonly T[])[]): readonly T[] {
  return lists.find((list) => list.length > 0) ?? [];
}

function listPorts(ports: readonly Port[]): string {
  if (ports.length === 0) return "no ports";
  return `the ports ${ports.map(({ name, number }) => (name ? `${name} (${number})` : `${number}`)).join(", ")}`;
}
