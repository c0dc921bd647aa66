// What is seen of requests: each that ends is counted, sampled and, if so wished, logged; metrics and the flow read the rest
// when they are asked.

import type { Status } from "./api/backend.ts";
import type { Config } from "./config/config.ts";
import type { Tickets } from "./drain/tickets.ts";
import type { Happening } from "./lifecycle/events.ts";
import type { Admission } from "./proxy/admission.ts";
import type { EngineObserver } from "./proxy/engine.ts";
import { createAccessLog } from "./telemetry/access-log.ts";
import type { Timeline } from "./telemetry/events.ts";
import { createFlow, type Flow } from "./telemetry/flow.ts";
import type { Log } from "./telemetry/log.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { createOddityLog } from "./telemetry/oddity-log.ts";
import { failureOf } from "./telemetry/request-failure.ts";
import type { Tracing } from "./telemetry/tracing/tracing.ts";

const NO_SPANS = { exported: 0, failed: 0, dropped: 0 };

export interface ObservingParts {
  readonly config: Config;
  readonly version: string;
  readonly node: string;
  readonly now: () => number;
  readonly log: Log;
  readonly timeline: Timeline;
  readonly tickets: Tickets;
  readonly admission: Admission;
  /** Undefined: tracing is off. */
  readonly traces: Tracing | undefined;
  readonly status: () => Status;
  readonly dispatch: (happening: Happening) => void;
  readonly onError: (error: Error, what: string) => void;
}

export interface Observing {
  readonly observer: EngineObserver;
  readonly metrics: Metrics;
  readonly flow: Flow;
}

export function createObserving(parts: ObservingParts): Observing {
  const { config, version, node, now, log, timeline, tickets, admission, traces, dispatch } = parts;
  const metrics = createMetrics({
    sources: {
      status: parts.status,
      hold: () => admission.counts(),
      eventStreamDropped: () => timeline.dropped(),
      logDropped: () => log.dropped(),
      spans: () => traces?.counts() ?? NO_SPANS,
    },
    slots: config.slots.map(({ name }) => name),
    version,
    engine: config.engine,
    node,
    limits: config,
  });
  const flow = createFlow({
    now,
    wallClock: () => new Date(),
    account: tickets.account,
    hold: () => admission.counts(),
    replays: metrics.replays,
    inFlight: tickets.inFlight,
  });
  timeline.subscribe(0, metrics.event);
  timeline.subscribe(0, flow.event);
  const logAccess = createAccessLog(log, config.accessLog);

  const observer: EngineObserver = {
    ended(record) {
      metrics.ended(record);
      flow.ended(record);
      logAccess(record);
      traces?.ended(record);
      const failure = failureOf(record);
      if (failure) timeline.emit(failure);
    },
    refused: (generation) => dispatch({ type: "refused", generation }),
    accepted: () => {},
    replayed: () => metrics.replayed(),
    connections: () => {},
    trouble: parts.onError,
    oddity: createOddityLog(log),
  };
  return { observer, metrics, flow };
}
