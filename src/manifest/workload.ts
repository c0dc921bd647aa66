// What runs Pods: the Pod template of each kind that inject and check know, with typed ways to read it.

import { type ManifestObject, titleOf } from "./documents.ts";
import {
  at,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  objectsOf,
  stringOf,
  stringsOf,
} from "./json-value.ts";

/** Kinds with a Pod template, and the way to it; the group of the API beside each. */
const TEMPLATES: Readonly<Record<string, { readonly group: string; readonly path: readonly string[] }>> = {
  Deployment: { group: "apps", path: ["spec", "template"] },
  StatefulSet: { group: "apps", path: ["spec", "template"] },
  DaemonSet: { group: "apps", path: ["spec", "template"] },
  ReplicaSet: { group: "apps", path: ["spec", "template"] },
  CloneSet: { group: "apps.kruise.io", path: ["spec", "template"] },
  // A Pod is its own template.
  Pod: { group: "", path: [] },
};

export type ProbeKind = "httpGet" | "tcpSocket" | "grpc" | "exec";

export interface Port {
  readonly name: string | undefined;
  readonly number: number;
  readonly protocol: string;
  readonly hostPort: number | undefined;
  readonly hostIP: string | undefined;
}

/** A probe or a hook: `kind` is undefined for one that has no handler that is known here. */
export interface Handler {
  readonly kind: ProbeKind | "sleep" | undefined;
  /** Name or number; undefined for exec and sleep. */
  readonly port: string | number | undefined;
  readonly path: string | undefined;
  readonly scheme: string | undefined;
  readonly headers: readonly JsonObject[];
  readonly service: string | undefined;
  /** Whom a probe asks instead of the Pod. */
  readonly host: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly seconds: number | undefined;
  readonly value: JsonObject;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly ports: readonly Port[];
  /** Literal values only; `undefined` for one that comes from elsewhere. */
  readonly env: ReadonlyMap<string, string | undefined>;
  readonly readinessProbe: Handler | undefined;
  readonly livenessProbe: Handler | undefined;
  readonly startupProbe: Handler | undefined;
  readonly preStop: Handler | undefined;
  readonly postStart: Handler | undefined;
  readonly mounts: readonly { readonly volume: string; readonly path: string }[];
  /** An init container that lives as long as the Pod (`restartPolicy: Always`). */
  readonly isNativeSidecar: boolean;
  readonly value: JsonObject;
}

export interface Workload {
  readonly object: ManifestObject;
  /** "Deployment web". */
  readonly title: string;
  /** From the object to its Pod template; empty for a Pod. */
  readonly templatePath: readonly string[];
  /** `metadata` and `spec` of the Pods. */
  readonly template: JsonObject;
  readonly spec: JsonObject;
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly JsonObject[];
  /** Seconds; undefined: the default of 30. */
  readonly grace: number | undefined;
}

/** The workload that the object is; undefined for every other kind, Jobs and CronJobs among them. */
export function workloadOf(object: ManifestObject): Workload | undefined {
  const known = Object.hasOwn(TEMPLATES, object.kind) ? TEMPLATES[object.kind] : undefined;
  if (!known || groupOf(object.apiVersion) !== known.group) return undefined;
  const template = objectOf(at(object.value, ...known.path));
  const spec = objectOf(template.spec);
  return {
    object,
    title: titleOf(object),
    templatePath: known.path,
    template,
    spec,
    labels: objectOf(at(template, "metadata", "labels")),
    annotations: objectOf(at(template, "metadata", "annotations")),
    containers: objectsOf(spec.containers).map(containerOf),
    initContainers: objectsOf(spec.initContainers).map(containerOf),
    volumes: objectsOf(spec.volumes),
    grace: numberOf(spec.terminationGracePeriodSeconds),
  };
}

/** What runs Pods to their end: known, and left alone. */
export function isJob({ kind }: ManifestObject): boolean {
  return kind === "Job" || kind === "CronJob";
}

/** "apps/v1" is of the group "apps", "v1" of "". */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

function containerOf(value: JsonObject): Container {
  return {
    name: stringOf(value.name) ?? "",
    image: stringOf(value.image) ?? "",
    command: stringsOf(value.command),
    args: stringsOf(value.args),
    ports: objectsOf(value.ports).flatMap((port) => {
      const number = numberOf(port.containerPort);
      const protocol = stringOf(port.protocol) ?? "TCP";
      if (number === undefined) return [];
      return [
        {
          name: stringOf(port.name),
          number,
          protocol,
          hostPort: numberOf(port.hostPort),
          hostIP: stringOf(port.hostIP),
        },
      ];
    }),
    env: new Map(
      objectsOf(value.env).map(({ name, value: text }) => [stringOf(name) ?? "", stringOf(text)] as const),
    ),
    readinessProbe: handlerOf(value.readinessProbe),
    livenessProbe: handlerOf(value.livenessProbe),
    startupProbe: handlerOf(value.startupProbe),
    preStop: handlerOf(at(value, "lifecycle", "preStop")),
    postStart: handlerOf(at(value, "lifecycle", "postStart")),
    mounts: objectsOf(value.volumeMounts).map(({ name, mountPath }) => ({
      volume: stringOf(name) ?? "",
      path: stringOf(mountPath) ?? "",
    })),
    isNativeSidecar: value.restartPolicy === "Always",
    value,
  };
}

const HANDLERS = ["httpGet", "tcpSocket", "grpc", "exec", "sleep"] as const;

function handlerOf(value: Json | undefined): Handler | undefined {
  if (value === undefined || value === null) return undefined;
  const whole = objectOf(value);
  const kind = HANDLERS.find((one) => whole[one] !== undefined && whole[one] !== null);
  const inside = objectOf(kind && whole[kind]);
  const { port } = inside;
  return {
    kind,
    port: typeof port === "string" || typeof port === "number" ? port : undefined,
    path: stringOf(inside.path),
    scheme: stringOf(inside.scheme),
    headers: objectsOf(inside.httpHeaders),
    service: stringOf(inside.service),
    host: stringOf(inside.host) || undefined,
    command: stringsOf(inside.command),
    seconds: numberOf(inside.seconds),
    value: whole,
  };
}

/** The number behind a port's name in this container; a number is what it is. */
export function portNumber(container: Container, port: string | number | undefined): number | undefined {
  if (typeof port === "number" || port === undefined) return port;
  return /^\d+$/.test(port) ? Number(port) : container.ports.find(({ name }) => name === port)?.number;
}
