// The spans of one request that has ended: the request as a whole, each time that it was held, each attempt at the app. Names
// and attributes are those of OpenTelemetry's semantic conventions for HTTP where they have one. No field of a request is
// among them, and no query: both may carry secrets.

import type { RequestRecord } from "../../proxy/record.ts";
import type { Stretch, TracedRequest } from "./request-tracer.ts";
import type { Attributes, Span } from "./span.ts";

const MOST_PATH = 1_024;
/** RFC 9110 section 9.3 and RFC 5789; the conventions call every other method HTTP. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]);

/** `epoch`: what must be added to monotonic ms to make them ms since the epoch. */
export function requestSpans(
  record: RequestRecord,
  trace: TracedRequest,
  epoch: number,
  newSpanId: () => string,
): Span[] {
  const method = METHODS.has(record.method) ? record.method : "HTTP";
  const { traceId, spanId, begunAt } = trace;
  const endedAt = begunAt + record.durationMs;
  const spans: Span[] = [
    {
      traceId,
      spanId,
      parentId: trace.parentId,
      isParentRemote: trace.parentId !== undefined,
      name: method,
      kind: "server",
      from: begunAt + epoch,
      to: endedAt + epoch,
      attributes: attributesOf(record),
      failure: failureOf(record),
    },
  ];
  let attempts = 0;
  for (const stretch of trace.stretches) {
    // The visit's own clock began a moment after the trace's.
    const from = Math.min(stretch.from, endedAt) + epoch;
    const to = Math.min(stretch.until ?? endedAt, endedAt) + epoch;
    const span = { traceId, parentId: spanId, from, to };
    if (stretch.kind === "wait") {
      spans.push({ ...span, spanId: newSpanId(), name: "hold", kind: "internal", attributes: {} });
      continue;
    }
    attempts++;
    spans.push({
      ...span,
      spanId: stretch.spanId,
      name: `${attempts > 1 && record.replayed ? "replay" : "send"} to ${stretch.destination.slot}`,
      kind: "client",
      attributes: attemptAttributes(stretch, method, attempts),
      moments:
        stretch.answeredAt === undefined ? [] : [{ name: "first byte", at: stretch.answeredAt + epoch }],
      failure: stretch.until === undefined ? failureOf(record) : "the attempt failed",
    });
  }
  return spans;
}

/** What is unknown is left out here, so that the exporter need not look for it. */
function attributesOf(record: RequestRecord): Attributes {
  const { status, code, slot, version, generation, heldMs, replayed } = record;
  const query = record.target.indexOf("?");
  const path = query === -1 ? record.target : record.target.slice(0, query);
  const attributes: Record<string, string | number | boolean> = {
    "http.request.method": METHODS.has(record.method) ? record.method : "_OTHER",
    "url.path": path.slice(0, MOST_PATH),
    "url.scheme": "http",
    "client.address": record.client,
    "sluice.request_id": record.requestId,
    "sluice.ending": record.ending,
    "sluice.kind": record.kind,
  };
  if (status !== 0) attributes["http.response.status_code"] = status;
  if (code !== undefined) attributes["error.type"] = code;
  if (slot !== undefined) attributes["sluice.slot"] = slot;
  if (version !== undefined) attributes["sluice.version"] = version;
  if (generation !== 0) attributes["sluice.generation"] = generation;
  if (heldMs !== 0) attributes["sluice.held_ms"] = heldMs;
  if (replayed) attributes["sluice.replayed"] = true;
  return attributes;
}

function attemptAttributes(
  { destination: { host, port, slot, version, generation } }: Extract<Stretch, { kind: "attempt" }>,
  method: string,
  attempt: number,
): Attributes {
  const attributes: Record<string, string | number | boolean> = {
    "http.request.method": method === "HTTP" ? "_OTHER" : method,
    "server.address": host,
    "server.port": port,
    "sluice.slot": slot,
    "sluice.generation": generation,
  };
  if (version !== undefined) attributes["sluice.version"] = version;
  if (attempt > 1) attributes["http.request.resend_count"] = attempt - 1;
  return attributes;
}

/** For a server's span the conventions count 5xx and no answer as failures, and neither 4xx nor a client that left. */
function failureOf({ ending, status, code, cause }: RequestRecord): string | undefined {
  if (ending === "failed" || ending === "deadline") return cause ?? code ?? ending;
  return status >= 500 ? (code ?? `status ${status}`) : undefined;
}
