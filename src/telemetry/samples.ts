// How each metric of the catalogue is read from a snapshot. A metric without a reader here does not compile.

import type { SlotStatus, Status } from "../api/backend.ts";
import type { HoldCounts } from "../proxy/hold.ts";
import type { EventCounts } from "./event-counts.ts";
import type { Histogram, HistogramReading } from "./histogram.ts";
import type { METRICS, MetricName } from "./metric-catalogue.ts";
import { OBSTACLES, obstaclesOf } from "./obstacles.ts";
import type { ProcessFigures } from "./process-figures.ts";
import type { RequestCounts, VersionCounts } from "./request-counts.ts";
import type { Tally } from "./tally.ts";

/** All that one scrape reads, taken in one turn of the event loop. */
export interface Snapshot {
  readonly build: { readonly version: string; readonly engine: string; readonly node: string };
  readonly status: Status;
  readonly hold: HoldCounts;
  readonly requests: RequestCounts;
  readonly events: EventCounts;
  readonly limits: HoldLimitFigures;
  readonly spans: SpanCounts;
  readonly replays: number;
  readonly eventStreamDropped: number;
  readonly logDropped: number;
  readonly process: ProcessFigures;
}

/** What the configuration says of holds. */
export interface HoldLimitFigures {
  readonly holdMax: number;
  readonly holdTimeoutMs: number;
}

/** What became of the spans that were made. */
export interface SpanCounts {
  readonly exported: number;
  readonly failed: number;
  readonly dropped: number;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  readonly reading: HistogramReading;
}

export type DistributionName = {
  [Name in MetricName]: (typeof METRICS)[Name]["type"] extends "histogram" ? Name : never;
}[MetricName];
export type SampleName = Exclude<MetricName, DistributionName>;

const STATES: readonly SlotStatus["state"][] = [
  "empty",
  "starting",
  "standby",
  "active",
  "unwinding",
  "draining",
  "stopping",
  "lost",
];

export const SAMPLES: Readonly<Record<SampleName, (snapshot: Snapshot) => Sample[]>> = {
  sluice_build_info: ({ build }) => [{ labels: { ...build }, value: 1 }],

  sluice_requests_accepted_total: ({ status }) => one(status.account.accepted),
  sluice_requests_ended_total: ({ status }) =>
    Object.entries(status.account.ended).map(([ending, value]) => ({ labels: { ending }, value })),
  sluice_requests_in_flight: ({ status }) => one(status.account.inFlight),

  sluice_requests_total: ({ requests }) =>
    requests.requests().map(({ count, ...labels }) => ({ labels, value: count })),
  sluice_refused_total: ({ requests }) => tallied("code", requests.refused),
  sluice_failed_total: ({ requests }) => tallied("code", requests.failed),
  sluice_cut_total: ({ status, requests }) => [
    { labels: { cause: "deadline" }, value: status.account.ended.deadline },
    { labels: { cause: "app" }, value: requests.cutByApp() },
  ],
  sluice_replays_total: ({ replays }) => one(replays),

  sluice_held_requests: ({ hold }) => one(hold.held),
  sluice_hold_limit: ({ limits }) => one(limits.holdMax),
  sluice_hold_timeout_seconds: ({ limits }) => one(limits.holdTimeoutMs / 1_000),
  sluice_held_requests_total: ({ hold }) => one(hold.total),
  sluice_client_connections: ({ status }) => one(status.connections),

  sluice_slot_state: ({ status }) =>
    status.slots.flatMap(({ name, state }) =>
      STATES.map((other) => ({ labels: { slot: name, state: other }, value: flag(other === state) })),
    ),
  sluice_slot_ready: ({ status }) => perSlot(status, (slot) => flag(slot.ready)),
  sluice_slot_not_ready: ({ status }) =>
    status.slots.flatMap((slot) => {
      const found = obstaclesOf(slot);
      return OBSTACLES.map((reason) => ({
        labels: { slot: slot.name, reason },
        value: flag(found.has(reason)),
      }));
    }),
  sluice_not_ready_total: ({ events }) => tallied("slot", events.readinessLost),
  sluice_slot_in_flight: ({ status }) => perSlot(status, (slot) => slot.inFlight),
  sluice_gate_open: ({ status }) =>
    status.slots.flatMap(({ name, gates }) =>
      Object.entries(gates).map(([gate, { open }]) => ({ labels: { slot: name, gate }, value: flag(open) })),
    ),
  sluice_switches_total: ({ events }) => tallied("cause", events.switches),
  sluice_generations_total: ({ events }) => tallied("slot", events.generations),
  sluice_lifelines_lost_total: ({ events }) => tallied("slot", events.lifelinesLost),
  sluice_probe_failures_total: ({ events }) => tallied("slot", events.probeFailures),

  sluice_hook_requests_total: ({ events }) =>
    [...events.hooks()].flatMap(([hook, outcomes]) =>
      [...outcomes.read()].map(([outcome, value]) => ({ labels: { hook, outcome }, value })),
    ),
  sluice_hooks_expired_total: ({ events }) => tallied("hook", events.hooksExpired),
  sluice_slot_drain_left_seconds: ({ status }) =>
    status.slots.flatMap(({ name, drainLeftMs }) =>
      drainLeftMs === undefined ? [] : [{ labels: { slot: name }, value: drainLeftMs / 1_000 }],
    ),
  sluice_pod_stop_left_seconds: ({ status }) =>
    one(status.podLeftMs === undefined ? undefined : status.podLeftMs / 1_000),
  sluice_drain_deadlines_total: ({ events }) => tallied("drain", events.drainDeadlines),
  sluice_pod_leaving: ({ status }) => one(flag(status.pod !== "serving")),
  sluice_ready: ({ status }) => one(flag(status.ready)),

  sluice_event_stream_dropped_total: ({ eventStreamDropped }) => one(eventStreamDropped),
  sluice_log_dropped_total: ({ logDropped }) => one(logDropped),
  sluice_trace_spans_total: ({ spans }) =>
    Object.entries(spans).map(([outcome, value]) => ({ labels: { outcome }, value })),
  process_cpu_seconds_total: ({ process }) => one(process.cpuSeconds),
  process_start_time_seconds: ({ process }) => one(process.startTimeSeconds),
  process_resident_memory_bytes: ({ process }) => one(process.residentBytes),
  process_open_fds: ({ process }) => one(process.openFds),
  process_max_fds: ({ process }) => one(process.maxFds),
  nodejs_heap_size_used_bytes: ({ process }) => one(process.heapUsedBytes),
  nodejs_heap_size_total_bytes: ({ process }) => one(process.heapTotalBytes),
  nodejs_external_memory_bytes: ({ process }) => one(process.externalBytes),
  nodejs_eventloop_busy_seconds_total: ({ process }) => one(process.eventLoopBusySeconds),
  nodejs_eventloop_lag_p50_seconds: ({ process }) => one(process.eventLoopLag?.median),
  nodejs_eventloop_lag_p99_seconds: ({ process }) => one(process.eventLoopLag?.p99),
  nodejs_eventloop_lag_max_seconds: ({ process }) => one(process.eventLoopLag?.max),
};

export const DISTRIBUTIONS: Readonly<Record<DistributionName, (snapshot: Snapshot) => Distribution[]>> = {
  sluice_request_duration_seconds: ({ requests }) => byVersion(requests, ({ duration }) => duration),
  sluice_request_first_byte_seconds: ({ requests }) => byVersion(requests, ({ firstByte }) => firstByte),
  sluice_stream_duration_seconds: ({ requests }) => distributed("kind", Object.entries(requests.streams)),
  sluice_hold_seconds: ({ requests }) => [{ labels: {}, reading: requests.hold.read() }],
  sluice_drain_seconds: ({ events }) => distributed("slot", events.drains()),
};

/** What is not known is left out, rather than told as 0. */
function one(value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

function flag(truth: boolean): number {
  return truth ? 1 : 0;
}

function perSlot(status: Status, read: (slot: SlotStatus) => number): Sample[] {
  return status.slots.map((slot) => ({ labels: { slot: slot.name }, value: read(slot) }));
}

function tallied(label: string, tally: Tally): Sample[] {
  return [...tally.read()].map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function distributed(label: string, histograms: Iterable<readonly [string, Histogram]>): Distribution[] {
  return [...histograms].map(([name, histogram]) => ({
    labels: { [label]: name },
    reading: histogram.read(),
  }));
}

function byVersion(
  requests: RequestCounts,
  histogramOf: (counts: VersionCounts) => Histogram,
): Distribution[] {
  return [...requests.slots()].flatMap(([slot, versions]) =>
    [...versions.read()].map(([version, counts]) => ({
      labels: { slot, version },
      reading: histogramOf(counts).read(),
    })),
  );
}
