// Where a new key goes: in the order in which people write them, or by the alphabet where a machine wrote them.

import type { Json, JsonObject } from "./json-value.ts";

/** The conventional orders of what inject adds keys to. */
export const KEY_ORDER = {
  object: ["apiVersion", "kind", "metadata", "spec", "status"],
  metadata: ["name", "generateName", "namespace", "labels", "annotations"],
  podSpec: [
    "serviceAccountName",
    "automountServiceAccountToken",
    "priorityClassName",
    "securityContext",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "initContainers",
    "containers",
    "volumes",
  ],
  container: [
    "name",
    "image",
    "imagePullPolicy",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "startupProbe",
    "readinessProbe",
    "livenessProbe",
    "lifecycle",
    "resources",
    "securityContext",
    "volumeMounts",
  ],
  lifecycle: ["postStart", "preStop"],
  servicePort: ["name", "protocol", "appProtocol", "port", "targetPort", "nodePort"],
} as const satisfies Record<string, readonly string[]>;

/** From so many keys in alphabetical order on, that is no accident. */
const SORTED_FROM = 4;

/** The object with `key` set: in its place if it is there, else where `order` has it. An undefined value takes it away. */
export function withKey(
  object: JsonObject,
  key: string,
  value: Json | undefined,
  order: readonly string[],
): JsonObject {
  const entries = Object.entries(object);
  if (value === undefined) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (Object.hasOwn(object, key))
    return Object.fromEntries(entries.map(([name, old]) => [name, name === key ? value : old]));
  const names = entries.map(([name]) => name);
  const isSorted =
    names.length >= SORTED_FROM && names.every((name, index) => index === 0 || names[index - 1]! < name);
  const goesBefore = (name: string): boolean =>
    isSorted ? name < key : order.includes(name) && order.indexOf(name) < order.indexOf(key);
  const index = names.findLastIndex(goesBefore) + 1;
  return Object.fromEntries([...entries.slice(0, index), [key, value], ...entries.slice(index)]);
}
