// The app's container as a slot: on its own address, asked and stopped by way of sluice.

import type { Config } from "../config/config.ts";
import type { App } from "./app-container.ts";
import { VOLUME } from "./inject-options.ts";
import { isList, type Json, type JsonObject, objectOf, objectsOf } from "./json-value.ts";
import { KEY_ORDER, withKey } from "./key-order.ts";
import { controlAddress, socketFolder } from "./sidecar-container.ts";
import { slotLiveness } from "./slot-probes.ts";

/** The app's container in the slot that is the `index`th of the configuration. */
export function slotContainer(app: App, config: Config, index: number, keepsStartup: boolean): JsonObject {
  const slot = config.slots[index];
  if (!slot) throw new Error(`there is no slot ${index}`);
  const { container, port } = app;
  const set = (object: JsonObject, key: string, value: Json | undefined): JsonObject =>
    withKey(object, key, value, KEY_ORDER.container);

  let changed = container.value;
  const ports = objectsOf(changed.ports);
  const left = ports.filter(
    ({ containerPort, protocol }) => containerPort !== port || (protocol ?? "TCP") !== "TCP",
  );
  if (left.length < ports.length) changed = set(changed, "ports", left.length > 0 ? left : undefined);

  const control = controlAddress(config);
  const env = [
    { name: "PORT", value: String(slot.port) },
    { name: "SLUICE_SLOT", value: slot.name },
    ...(control === undefined ? [] : [{ name: "SLUICE_CONTROL", value: control }]),
  ];
  changed = set(changed, "env", env.reduce(withNamed, itemsOf(changed.env)));

  changed = set(changed, "readinessProbe", undefined);
  if (container.livenessProbe) {
    changed = set(
      changed,
      "livenessProbe",
      slotLiveness(container.livenessProbe, slot.name, config.ops.port),
    );
  }
  if (container.startupProbe && !keepsStartup) changed = set(changed, "startupProbe", undefined);
  // A named port belongs to its container: here, ops goes by its number.
  const preStop = { httpGet: { path: `/prestop/slots/${slot.name}`, port: config.ops.port } };
  const lifecycle = withMovedPort(objectOf(changed.lifecycle), app, config);
  changed = set(changed, "lifecycle", withKey(lifecycle, "preStop", preStop, KEY_ORDER.lifecycle));
  const mount = { name: VOLUME, mountPath: socketFolder(config) };
  return set(changed, "volumeMounts", [...itemsOf(changed.volumeMounts), mount]);
}

/** The second slot: everything as in the first, but that it runs nothing yet, and declares no ports. */
export function idleContainer(app: App, config: Config, placeholder: string): JsonObject {
  const slot = slotContainer(app, config, 1, false);
  const { ports: _, ...rest } = slot;
  return { ...rest, name: idleName(app, config), image: placeholder };
}

export function idleName({ container }: App, { slots }: Config): string {
  return `${container.name}-${slots[1]?.name}`;
}

/** A postStart goes on asking the port whose name has moved to sluice, by its number there. */
function withMovedPort(lifecycle: JsonObject, { entry }: App, { listen }: Config): JsonObject {
  const postStart = objectOf(lifecycle.postStart);
  const httpGet = objectOf(postStart.httpGet);
  if (entry?.name === undefined || httpGet.port !== entry.name) return lifecycle;
  return { ...lifecycle, postStart: { ...postStart, httpGet: { ...httpGet, port: listen.port } } };
}

/** In the place of all of that name (the last one would count), else at the end. */
function withNamed(list: readonly Json[], item: JsonObject): readonly Json[] {
  const isOfName = (one: Json): boolean => objectOf(one).name === item.name;
  return list.some(isOfName) ? list.map((one) => (isOfName(one) ? item : one)) : [...list, item];
}

function itemsOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}
