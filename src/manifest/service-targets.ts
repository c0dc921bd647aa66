// Where Services have to send requests once sluice takes them.

import type { Account } from "./account.ts";
import type { Injected } from "./inject-workload.ts";
import { type JsonObject, objectOf, objectsOf } from "./json-value.ts";
import { KEY_ORDER, withKey } from "./key-order.ts";
import type { Service } from "./service.ts";
import { portNumber } from "./workload.ts";

/** The Service with its targets moved to sluice; the same object where nothing has to change. */
export function retargeted(
  service: Service,
  injected: readonly Injected[],
  classic: boolean,
  account: Account,
): JsonObject {
  const { value } = service.object;
  const ports = service.ports.map((port, index) => {
    const entry = objectsOf(objectOf(value.spec).ports)[index] ?? {};
    if (port.protocol !== "TCP") return entry;
    const served = injected.filter(({ app }) => portNumber(app.container, port.target) === app.port);
    const wanted = [...new Set(served.map(({ config }) => config.listen.port))];
    const [target] = wanted;
    if (target === undefined || target === port.target) return entry;
    if (wanted.length > 1) {
      account.refuse(
        `it sends to Pods in which sluice listens on different ports (${wanted.join(", ")}): use one --listen for all`,
      );
      return entry;
    }
    const isName = typeof port.target === "string";
    // The port's name has moved to sluice, and an ordinary container's is found everywhere.
    if (isName && classic) return entry;
    account.did(
      isName
        ? `targetPort ${port.target} is ${target} now: Kubernetes before 1.33 does not find the ports of init containers by name`
        : `targetPort ${port.target} is ${target} now, where sluice listens`,
    );
    return withKey(entry, "targetPort", target, KEY_ORDER.servicePort);
  });
  if (ports.every((port, index) => port === objectsOf(objectOf(value.spec).ports)[index])) return value;
  return withKey(value, "spec", withKey(objectOf(value.spec), "ports", ports, []), []);
}

/** What to do with Services that are not in the stream. */
export function adviseServices(
  injected: Injected,
  services: readonly Service[],
  classic: boolean,
  account: Account,
): void {
  if (services.length > 0) return;
  const { app, config } = injected;
  const { port } = config.listen;
  if (port !== app.port) {
    account.note(
      `no Service of these Pods is in this input: one that sends to ${app.port} has to send to ${port} (targetPort: ${port})`,
    );
  } else if (app.entry?.name && !classic) {
    account.note(
      `no Service of these Pods is in this input: one with targetPort ${app.entry.name} needs Kubernetes 1.33, or targetPort: ${port}`,
    );
  }
}
