// Metrics. prom-client enters here and only here, and only to write what a scrape asks for: everything is counted in
// plain numbers (request-counts.ts, event-counts.ts) and read when /metrics is called. What must add up is read from one
// snapshot, in one turn of the event loop.

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Status, TimelineEvent } from "../api/backend.ts";
import type { HoldCounts } from "../proxy/hold.ts";
import type { RequestRecord } from "../proxy/record.ts";
import { createEventCounts } from "./event-counts.ts";
import { METRICS, type MetricKind, type MetricName } from "./metric-catalogue.ts";
import { readProcessFigures } from "./process-figures.ts";
import { createRequestCounts } from "./request-counts.ts";
import { DISTRIBUTIONS, type Distribution, SAMPLES, type Sample, type Snapshot } from "./samples.ts";

export interface MetricsSources {
  /** Its account, slots, connections and readiness are one snapshot. */
  status(): Status;
  hold(): HoldCounts;
  /** Slow listeners to the event stream that were dropped since start. */
  eventStreamDropped(): number;
  logDropped(): number;
}

export interface MetricsParts {
  readonly sources: MetricsSources;
  /** Names of the configured slots. */
  readonly slots: readonly string[];
  readonly version: string;
  readonly engine: string;
  readonly node: string;
}

export interface Metrics {
  /** Counts an ended request; call it once for each ticket, in the turn of the event loop in which the ticket leaves. */
  ended(record: RequestRecord): void;
  replayed(): void;
  /** How many requests were sent a second time. */
  replays(): number;
  event(event: TimelineEvent): void;
  /** Text in Prometheus' format 0.0.4. */
  scrape(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createMetrics(parts: MetricsParts): Metrics {
  const { sources } = parts;
  const build = { version: parts.version, engine: parts.engine, node: parts.node };
  const requests = createRequestCounts();
  const events = createEventCounts(parts.slots);
  const registry = new Registry();
  let replays = 0;
  let snapshot: Snapshot | undefined;

  /** A registry collects all metrics in the turn in which it is asked, so that one variable is enough. */
  function present(): Snapshot {
    if (!snapshot) throw new Error("metrics are read outside a scrape");
    return snapshot;
  }

  for (const [name, read] of entriesOf(SAMPLES)) registerSamples(name, () => read(present()), registry);
  for (const [name, read] of entriesOf(DISTRIBUTIONS))
    new ReadHistogram(name, () => read(present()), registry);

  return {
    ended: requests.ended,
    replayed() {
      replays++;
    },
    replays: () => replays,
    event: events.event,
    async scrape() {
      const process = await readProcessFigures();
      snapshot = {
        build,
        status: sources.status(),
        hold: sources.hold(),
        requests,
        events,
        replays,
        eventStreamDropped: sources.eventStreamDropped(),
        logDropped: sources.logDropped(),
        process,
      };
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function entriesOf<Name extends MetricName, Read>(readers: Readonly<Record<Name, Read>>): [Name, Read][] {
  return Object.entries(readers) as [Name, Read][];
}

function registerSamples(name: MetricName, read: () => Sample[], registry: Registry): void {
  const { type, help, labels: labelNames }: MetricKind = METRICS[name];
  const common = { name, help, labelNames, registers: [registry] };
  if (type === "counter") {
    new Counter({
      ...common,
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
    return;
  }
  new Gauge({
    ...common,
    collect() {
      this.reset();
      const samples = read();
      // reset() leaves a 0 where there is no label; what is not known is not 0.
      if (samples.length === 0 && labelNames.length === 0) this.remove({});
      for (const { labels, value } of samples) this.set(labels, value);
    },
  });
}

/** prom-client's histogram takes one observation at a time; this one tells what has been counted elsewhere. */
class ReadHistogram extends Histogram {
  readonly #frame: {
    readonly name: string;
    readonly help: string;
    readonly type: "histogram";
    readonly aggregator: "sum";
  };
  readonly #read: () => Distribution[];

  constructor(name: MetricName, read: () => Distribution[], registry: Registry) {
    const { help, labels: labelNames }: MetricKind = METRICS[name];
    super({ name, help, labelNames, registers: [registry] });
    this.#frame = { name, help, type: "histogram", aggregator: "sum" };
    this.#read = read;
  }

  /** What the registry calls, and what the histogram's own get() builds on. */
  getForPromString() {
    return Promise.resolve({
      ...this.#frame,
      values: this.#read().flatMap((one) => valuesOf(this.#frame.name, one)),
    });
  }
}

function valuesOf(name: string, { labels, reading }: Distribution) {
  const value = (metricName: string, value: number, own: { le?: number | string } = {}) => ({
    metricName,
    value,
    labels: own,
    sharedLabels: labels,
  });
  return [
    ...reading.bounds.map((le, index) => value(`${name}_bucket`, reading.cumulative[index]!, { le })),
    value(`${name}_bucket`, reading.count, { le: "+Inf" }),
    value(`${name}_sum`, reading.sum),
    value(`${name}_count`, reading.count),
  ];
}
