// Metrics. prom-client enters here and only here, and only to write what a scrape asks for: everything is counted in
// plain numbers (request-counts.ts, event-counts.ts) and read when /metrics is called. What must add up is read from one
// snapshot, in one turn of the event loop.

import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import type { Status, TimelineEvent } from "../api/backend.ts";
import type { HoldCounts } from "../proxy/hold.ts";
import type { RequestRecord } from "../proxy/record.ts";
import { createEventCounts } from "./event-counts.ts";
import type { Exemplar } from "./histogram.ts";
import { METRICS, type MetricKind, type MetricName } from "./metric-catalogue.ts";
import { createProcessFigures } from "./process-figures.ts";
import { createRequestCounts } from "./request-counts.ts";
import {
  DISTRIBUTIONS,
  type Distribution,
  type HoldLimitFigures,
  SAMPLES,
  type Sample,
  type Snapshot,
  type SpanCounts,
} from "./samples.ts";

export interface MetricsSources {
  /** Its account, slots, connections and readiness are one snapshot. */
  status(): Status;
  hold(): HoldCounts;
  /** Slow listeners to the event stream that were dropped since start. */
  eventStreamDropped(): number;
  logDropped(): number;
  /** While tracing is off: all of it 0. */
  spans(): SpanCounts;
}

export interface MetricsParts {
  readonly sources: MetricsSources;
  /** Names of the configured slots. */
  readonly slots: readonly string[];
  readonly version: string;
  readonly engine: string;
  readonly node: string;
  readonly limits: HoldLimitFigures;
}

export interface Metrics {
  /** Counts an ended request; call it once for each ticket, in the turn of the event loop in which the ticket leaves. */
  ended(record: RequestRecord): void;
  replayed(): void;
  /** How many requests were sent a second time. */
  replays(): number;
  event(event: TimelineEvent): void;
  /** Text in OpenMetrics 1.0.0, with exemplars, for whom `accept` names it; else in Prometheus' format 0.0.4. */
  scrape(accept?: string): Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createMetrics(parts: MetricsParts): Metrics {
  const { sources, limits } = parts;
  const build = { version: parts.version, engine: parts.engine, node: parts.node };
  const requests = createRequestCounts();
  const events = createEventCounts(parts.slots);
  const readProcessFigures = createProcessFigures();
  let plain: Registry | undefined;
  let open: OpenRegistry | undefined;
  let replays = 0;
  let snapshot: Snapshot | undefined;

  /** A registry collects all metrics in the turn in which it is asked, so that one variable is enough. */
  function present(): Snapshot {
    if (!snapshot) throw new Error("metrics are read outside a scrape");
    return snapshot;
  }

  function filled<R extends AnyRegistry>(registry: R): R {
    for (const [name, read] of entriesOf(SAMPLES)) registerSamples(name, () => read(present()), registry);
    for (const [name, read] of entriesOf(DISTRIBUTIONS))
      new ReadHistogram(name, () => read(present()), registry);
    return registry;
  }

  /** Made when first asked for: a scraper asks for one format, and for the same one always. */
  function registryFor(accept: string): AnyRegistry {
    if (takesOpenMetrics(accept)) {
      open ??= filled(openRegistry());
      return open;
    }
    plain ??= filled(new Registry());
    return plain;
  }

  return {
    ended: requests.ended,
    replayed() {
      replays++;
    },
    replays: () => replays,
    event: events.event,
    async scrape(accept = "") {
      const registry = registryFor(accept);
      const process = await readProcessFigures();
      snapshot = {
        build,
        limits,
        spans: sources.spans(),
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

type OpenRegistry = Registry<OpenMetricsContentType>;
type AnyRegistry = Registry | OpenRegistry;

function openRegistry(): OpenRegistry {
  const registry: OpenRegistry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/** Whether the Accept field names OpenMetrics and does not refuse it (RFC 9110 12.5.1). */
function takesOpenMetrics(accept: string): boolean {
  return accept
    .split(",")
    .some(
      (range) => /^\s*application\/openmetrics-text\b/i.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range),
    );
}

function registerSamples(name: MetricName, read: () => Sample[], registry: AnyRegistry): void {
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

  constructor(name: MetricName, read: () => Distribution[], registry: AnyRegistry) {
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
  const value = (
    metricName: string,
    value: number,
    own: { le?: number | string } = {},
    example?: Exemplar,
  ) => ({
    metricName,
    value,
    labels: own,
    sharedLabels: labels,
    exemplar: example && exemplarOf(example),
  });
  const { bounds, cumulative, exemplars } = reading;
  return [
    ...bounds.map((le, index) => value(`${name}_bucket`, cumulative[index]!, { le }, exemplars[index])),
    value(`${name}_bucket`, reading.count, { le: "+Inf" }, exemplars[bounds.length]),
    value(`${name}_sum`, reading.sum),
    value(`${name}_count`, reading.count),
  ];
}

/** OpenMetrics allows 128 characters of labels; Grafana finds the trace by `trace_id`. */
function exemplarOf({ traceId, spanId, value, at }: Exemplar) {
  return { labelSet: { trace_id: traceId, span_id: spanId }, value, timestamp: at.toFixed(3) };
}
