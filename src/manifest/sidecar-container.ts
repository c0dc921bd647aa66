// The container of sluice.

import { dirname } from "node:path/posix";
import { formatControlAddress } from "../config/address.ts";
import type { Config } from "../config/config.ts";
import type { App } from "./app-container.ts";
import { type InjectOptions, OPS_PORT_NAMES, SIDECAR, VOLUME } from "./inject-options.ts";
import type { JsonObject } from "./json-value.ts";
import type { Workload } from "./workload.ts";

/** Where the socket's folder is mounted, in sluice and in every slot. */
export function socketFolder({ control }: Config): string {
  const socket = control.find((address) => "path" in address);
  return socket && "path" in socket ? dirname(socket.path) : "/run/sluice";
}

/** What apps find in SLUICE_CONTROL; undefined where control is off. */
export function controlAddress({ control }: Config): string | undefined {
  return control[0] && formatControlAddress(control[0]);
}

export const SOCKET_VOLUME: JsonObject = { name: VOLUME, emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };

export function sidecarContainer(
  workload: Workload,
  options: InjectOptions,
  config: Config,
  args: readonly string[],
  app: App,
): JsonObject {
  const taken = portNames(workload, app);
  const opsName = OPS_PORT_NAMES.find((name) => !taken.has(name)) ?? config.ops.port;
  const ops = (path: string): JsonObject => ({ httpGet: { path, port: opsName } });
  const name = app.entry?.name ?? (taken.has("http") ? undefined : "http");
  const entry: JsonObject = {
    ...(name === undefined ? {} : { name }),
    containerPort: config.listen.port,
    ...(app.entry?.hostPort === undefined ? {} : { hostPort: app.entry.hostPort }),
    ...(app.entry?.hostIP === undefined ? {} : { hostIP: app.entry.hostIP }),
  };
  return {
    name: SIDECAR,
    image: options.image,
    // A native sidecar is an init container that stays.
    ...(options.classic ? {} : { restartPolicy: "Always" }),
    args: ["run", ...args],
    env: [{ name: "SLUICE_NODE_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }],
    ports: [
      entry,
      { ...(typeof opsName === "string" ? { name: opsName } : {}), containerPort: config.ops.port },
    ],
    // The app's container is started when this has passed. An ordinary container has nobody who waits for it.
    ...(options.classic
      ? {}
      : { startupProbe: { ...ops("/livez"), periodSeconds: 1, failureThreshold: 30 } }),
    // What /readyz says has been weighed already; the second question is for a node that is out of breath.
    readinessProbe: { ...ops("/readyz"), periodSeconds: 1, failureThreshold: 2 },
    livenessProbe: { ...ops("/livez"), periodSeconds: 10, timeoutSeconds: 5 },
    lifecycle: { preStop: ops("/prestop/pod") },
    // No CPU limit: a throttled proxy makes every request slow.
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "384Mi" } },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [{ name: VOLUME, mountPath: socketFolder(config) }],
  };
}

/** Names of the ports that stay with others: a Service that goes by one must not find sluice instead. */
function portNames({ containers, initContainers }: Workload, { entry }: App): ReadonlySet<string> {
  const ports = [...initContainers, ...containers].flatMap((container) => container.ports);
  return new Set(ports.flatMap((port) => (port === entry || port.name === undefined ? [] : [port.name])));
}
