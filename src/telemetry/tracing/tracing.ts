// Tracing, put together. This is a bundle of its own, loaded only where --otlp-endpoint is set: off, it is not even read.

import { randomFillSync } from "node:crypto";
import type { TimelineEvent } from "../../api/backend.ts";
import type { RequestRecord } from "../../proxy/record.ts";
import type { BeginTrace } from "../../proxy/trace.ts";
import type { Log } from "../log.ts";
import type { SpanCounts } from "../samples.ts";
import { createIds } from "./ids.ts";
import { createOtlpExporter } from "./otlp.ts";
import { requestSpans } from "./request-spans.ts";
import { createRequestTracer, TracedRequest } from "./request-tracer.ts";
import { createSpanQueue } from "./span-queue.ts";
import { createStopStory } from "./stop-story.ts";
import { createSwitchStory } from "./switch-story.ts";

export interface TracingParts {
  /** The collector's base, such as http://collector:4318. */
  readonly endpoint: string;
  /** The share of requests that are traced where their caller has not decided, 0 to 1. */
  readonly ratio: number;
  readonly version: string;
  readonly log: Log;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly wallClock: () => Date;
}

export interface Tracing {
  readonly begin: BeginTrace;
  /** Tells the spans of a request that was sampled. */
  ended(record: RequestRecord): void;
  /** Takes each event of the timeline in order; returns the trace that it belongs to. */
  event(event: TimelineEvent): string | undefined;
  counts(): SpanCounts;
  /** Sends what waits; resolves when it is out or after `withinMs`. */
  flush(withinMs: number): Promise<void>;
}

export type CreateTracing = (parts: TracingParts) => Tracing;

/** The two clocks drift apart by less, ms. */
const CLOCK_WAS_SET_MS = 20;

export const createTracing: CreateTracing = ({ endpoint, ratio, version, log, now, wallClock }) => {
  const ids = createIds(randomFillSync);
  const exporter = createOtlpExporter({ endpoint, version, instance: ids.trace() });
  const queue = createSpanQueue({
    send: exporter.send,
    onFailing: (error) =>
      log.warn({ event: "traces_lost", err: error }, "the collector does not take spans; they are dropped"),
    onRecovered: () => log.info({ event: "traces_taken" }, "the collector takes spans again"),
  });
  const epoch = createEpoch(now, wallClock);
  const story = { ids, tell: queue.add, epoch };
  const switches = createSwitchStory(story);
  const stops = createStopStory(story);
  return {
    begin: createRequestTracer({ ratio, random: Math.random, ids, now, onSurplus: queue.drop }),
    ended(record) {
      const { trace } = record;
      if (trace instanceof TracedRequest) queue.add(requestSpans(record, trace, epoch(), ids.span));
    },
    event(event) {
      try {
        const ofSwitch = switches(event);
        return stops(event) ?? ofSwitch;
      } catch (error) {
        // The timeline tells everyone else all the same.
        log.error({ event: "trouble", err: error as Error }, "an event could not be told as spans");
        return undefined;
      }
    },
    counts: queue.counts,
    flush: queue.flush,
  };
};

/**
 * What makes monotonic ms ms since the epoch. It stays the same, so that spans fit together better than the wall clock's whole
 * ms, until that clock has been set.
 */
function createEpoch(now: () => number, wallClock: () => Date): () => number {
  const read = () => wallClock().getTime() - now();
  let known = read();
  return () => {
    const present = read();
    if (Math.abs(present - known) > CLOCK_WAS_SET_MS) known = present;
    return known;
  };
}
