// Services, and which Pods they send requests to.

import { type ManifestObject, titleOf } from "./documents.ts";
import { at, type JsonObject, numberOf, objectOf, objectsOf, stringOf } from "./json-value.ts";
import { groupOf, type Workload } from "./workload.ts";

export interface ServicePort {
  readonly name: string | undefined;
  readonly port: number;
  /** A port's name, or its number; that of `port` where the Service leaves it out. */
  readonly target: string | number;
  readonly protocol: string;
  /** What is spoken there, if the Service says so, such as `kubernetes.io/h2c`. */
  readonly appProtocol: string | undefined;
}

export interface Service {
  readonly object: ManifestObject;
  /** "Service web". */
  readonly title: string;
  /** Undefined: nobody but whoever writes its endpoints. */
  readonly selector: JsonObject | undefined;
  readonly ports: readonly ServicePort[];
}

/** The Service that the object is; undefined for every other kind. */
export function serviceOf(object: ManifestObject): Service | undefined {
  if (object.kind !== "Service" || groupOf(object.apiVersion) !== "") return undefined;
  const selector = objectOf(at(object.value, "spec", "selector"));
  return {
    object,
    title: titleOf(object),
    selector: Object.keys(selector).length > 0 ? selector : undefined,
    ports: objectsOf(at(object.value, "spec", "ports")).map((entry) => {
      const port = numberOf(entry.port) ?? 0;
      const { targetPort } = entry;
      const target = typeof targetPort === "string" || typeof targetPort === "number" ? targetPort : port;
      return {
        name: stringOf(entry.name),
        port,
        target,
        protocol: stringOf(entry.protocol) ?? "TCP",
        appProtocol: stringOf(entry.appProtocol),
      };
    }),
  };
}

/** Whether the Service's selector takes in the workload's Pods. Objects without a namespace are of one. */
export function selects(service: Service, { labels, object }: Workload): boolean {
  const { selector } = service;
  if (!selector || service.object.namespace !== object.namespace) return false;
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
