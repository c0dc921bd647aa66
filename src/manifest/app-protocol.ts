// What the app speaks: HTTP/1.1, unless its manifest shows that it is HTTP/2 in clear text, as gRPC is.

import type { OptionKey } from "../config/options.ts";
import type { Account } from "./account.ts";
import type { App } from "./app-container.ts";
import type { Service } from "./service.ts";
import { portNumber } from "./workload.ts";

/** The option of `sluice run` by which an app of HTTP/2 is asked in HTTP/2. `services` are those that select the workload. */
export function protocolFlag(
  app: App,
  services: readonly Service[],
  isOverridden: boolean,
  account: Account,
): ReadonlyMap<OptionKey, string> {
  const sign = isOverridden ? undefined : signOf(app, services);
  if (sign === undefined) return new Map();
  account.did(`${app.container.name} speaks HTTP/2 (${sign}): sluice asks it in HTTP/2 (--app-protocol=h2c)`);
  return new Map([["app-protocol", "h2c"]]);
}

/** Names of ports as meshes read them: the protocol, and what follows a dash. gRPC-Web is HTTP/1.1. */
const OF_HTTP2 = /^(?:grpc(?!-web)|h2c|http2)(?:-.*)?$/;
/** https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol, and the names of IANA that meshes take. */
const APP_PROTOCOLS = new Set(["kubernetes.io/h2c", "grpc", "h2c", "http2"]);

function signOf({ container, port, entry }: App, services: readonly Service[]): string | undefined {
  const { readinessProbe, livenessProbe, startupProbe } = container;
  const probe = [readinessProbe, livenessProbe, startupProbe].find(
    (one) => one?.kind === "grpc" && portNumber(container, one.port) === port,
  );
  if (probe) return "a grpc probe asks its port";
  if (entry?.name !== undefined && OF_HTTP2.test(entry.name)) return `its port is called ${entry.name}`;
  for (const { title, ports } of services) {
    const told = ports.find(
      ({ target, appProtocol }) =>
        appProtocol !== undefined && APP_PROTOCOLS.has(appProtocol) && portNumber(container, target) === port,
    );
    if (told) return `${title} says appProtocol: ${told.appProtocol}`;
  }
  return undefined;
}
