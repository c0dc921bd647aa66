// Tracing as the configuration wants it. Its code comes from outside: main.ts loads it only where there is an endpoint.

import type { Config } from "./config/config.ts";
import type { Log } from "./telemetry/log.ts";
import type { CreateTracing, Tracing } from "./telemetry/tracing/tracing.ts";

export interface TracesParts {
  readonly createTracing?: CreateTracing | undefined;
  readonly version: string;
  readonly now: () => number;
}

/** Undefined: off. */
export function createTraces(config: Config, parts: TracesParts, log: Log): Tracing | undefined {
  const { otlpEndpoint: endpoint, traceSample: ratio } = config;
  const { createTracing, version, now } = parts;
  if (endpoint === undefined || !createTracing) return undefined;
  return createTracing({ endpoint, ratio, version, log, now, wallClock: () => new Date() });
}
