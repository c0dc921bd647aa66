// What the lifecycle and the proxy need of the configuration, in their own terms.

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Config, ControlAddress } from "./config/config.ts";
import type { RouteDecision } from "./lifecycle/route.ts";
import type { Settings } from "./lifecycle/state.ts";
import type { Route } from "./proxy/admission.ts";

export function settingsOf(config: Config): Settings {
  return {
    slots: config.slots.map(({ name }) => name),
    handshake: config.handshake,
    probe: config.probe.kind === "off" ? "off" : "on",
    probeFailures: config.probeFailures,
    gates: config.gates,
    switch: config.switch,
    graceMs: config.graceMs,
    drainDelayMs: config.drainDelayMs,
    slotDrainMs: config.slotDrainMs,
    exitReserveMs: config.exitReserveMs,
    holdTimeoutMs: config.holdTimeoutMs,
  };
}

/** The lifecycle's decision with the address that belongs to it. */
export function routeFor(config: Config, decision: RouteDecision): Route {
  if (decision.to === "hold") return { to: "hold" };
  if (decision.to === "refuse") return { to: "refuse", code: "POD_STOPPING" };
  const { generation, slot, version } = decision;
  const { host, port } = config.slots.find(({ name }) => name === slot)!;
  return { to: "generation", destination: { generation, slot, version, host, port } };
}

/** A default socket whose folder does not exist (a laptop) is left out; one that was asked for is an error at listen. */
export function controlAddresses(config: Config): readonly ControlAddress[] {
  if (!config.controlIsDefault) return config.control;
  return config.control.filter((address) => !("path" in address) || existsSync(dirname(address.path)));
}
