// The configuration as the rest of the house sees it: parsed, checked, units resolved (ms, bytes).

import type { ProbeTarget } from "../health/facts.ts";
import type { Limits } from "../proxy/limits.ts";

export interface HostPort {
  /** "" and "0.0.0.0" and "::" listen on all addresses. */
  readonly host: string;
  readonly port: number;
}

export type ControlAddress = { readonly path: string } | HostPort;

export interface SlotAddress extends HostPort {
  /** [a-z0-9-], 1 to 32 characters. */
  readonly name: string;
}

export interface Config {
  readonly listen: HostPort;
  readonly ops: HostPort;
  /** Empty: off. */
  readonly control: readonly ControlAddress[];
  /** Nobody chose `control`: a socket whose folder does not exist is then left out instead of being an error. */
  readonly controlIsDefault: boolean;
  readonly slots: readonly SlotAddress[];
  readonly nodeIp: string | undefined;
  readonly handshake: "required" | "off";
  readonly requireSignals: readonly string[];
  readonly sharedPids: boolean;
  readonly probe: ProbeTarget;
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  /** Failures in a row until the probe counts as failed. */
  readonly probeFailures: number;
  readonly gates: readonly string[];
  readonly engine: "standard" | "wire";
  /** How the app is asked, whatever its clients speak. */
  readonly appProtocol: "h1" | "h2c";
  readonly switch: "auto" | "manual";
  readonly graceMs: number;
  readonly drainDelayMs: number;
  readonly slotDrainMs: number;
  readonly exitReserveMs: number;
  readonly holdMax: number;
  /** Most requests in flight in one slot; Infinity: no limit. */
  readonly maxInFlight: number;
  readonly holdTimeoutMs: number;
  readonly hookToken: string | undefined;
  /** CIDRs from which hooks are answered, besides the node and the gateway. */
  readonly hookFrom: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly limits: Limits;
  readonly via: boolean;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  readonly accessLog: boolean;
  /** The collector's base URL; undefined: no tracing. */
  readonly otlpEndpoint: string | undefined;
  /** 0 to 1. */
  readonly traceSample: number;
}
