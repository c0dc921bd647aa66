// OTLP over HTTP, protobuf. OpenTelemetry's packages enter here and only here: the exporter with its transport and its retries,
// and the resource with what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say. Spans are our own until they are sent.
//
// The exporter reads the standard variables by itself: OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE and those
// of mutual TLS. Where to send is sluice's own option, since an operator may set the variable for every container of a Pod.

import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import type { Attributes, Moment, Span } from "./span.ts";

export interface OtlpParts {
  /** The collector's base, such as http://collector:4318; `/v1/traces` is added. */
  readonly endpoint: string;
  readonly version: string;
  /** Of this process, for the resource. */
  readonly instance: string;
}

export interface OtlpExporter {
  /** Rejects if the collector did not take the spans. */
  send(spans: readonly Span[]): Promise<void>;
}

type ReadableSpan = Parameters<OTLPTraceExporter["export"]>[0][number];

/** Batches under way at once; a collector that hangs must not gather them. */
const MOST_UNDER_WAY = 2;
const SUCCESS = 0;
const UNSET = { code: SpanStatusCode.UNSET };
const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT };

export function createOtlpExporter({ endpoint, version, instance }: OtlpParts): OtlpExporter {
  const exporter = new OTLPTraceExporter({
    url: new URL("v1/traces", endpoint.endsWith("/") ? endpoint : `${endpoint}/`).href,
    concurrencyLimit: MOST_UNDER_WAY,
  });
  const resource = resourceFromAttributes({
    "service.name": "sluice",
    "service.version": version,
    "service.instance.id": instance,
  }).merge(detectResources({ detectors: [envDetector] }));
  const instrumentationScope = { name: "sluice", version };

  function readable(span: Span): ReadableSpan {
    const { traceId, spanId, parentId, failure } = span;
    const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
    return {
      name: span.name,
      kind: KINDS[span.kind],
      spanContext: () => context,
      parentSpanContext: (parentId === undefined
        ? undefined
        : {
            traceId,
            spanId: parentId,
            traceFlags: TraceFlags.SAMPLED,
            isRemote: span.isParentRemote ?? false,
          }) as NonNullable<ReadableSpan["parentSpanContext"]>,
      startTime: hrTime(span.from),
      endTime: hrTime(span.to),
      duration: hrTime(span.to - span.from),
      ended: true,
      status: failure === undefined ? UNSET : { code: SpanStatusCode.ERROR, message: failure },
      attributes: known(span.attributes),
      links: [],
      events: span.moments?.map(eventOf) ?? [],
      resource,
      instrumentationScope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }

  return {
    send: (spans) =>
      new Promise((resolve, reject) => {
        exporter.export(spans.map(readable), ({ code, error }) => {
          if (code === SUCCESS) resolve();
          else reject(error ?? new Error("the collector did not take the spans"));
        });
      }),
  };
}

/** [s, ns] of ms. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}

function eventOf({ name, at, attributes }: Moment): ReadableSpan["events"][number] {
  return { name, time: hrTime(at), attributes: attributes ? known(attributes) : {} };
}

/** Most spans say nothing that is not known, and keep what they have. */
function known(attributes: Attributes): ReadableSpan["attributes"] {
  for (const name in attributes) if (attributes[name] === undefined) return withoutUnknown(attributes);
  return attributes;
}

function withoutUnknown(attributes: Attributes): ReadableSpan["attributes"] {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
