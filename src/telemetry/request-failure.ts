// A failed request as an entry of the timeline: what a load test, or a person, needs to tell an excuse from a defect.

import type { RequestRecord } from "../proxy/record.ts";
import type { Fact } from "./events.ts";

/** Undefined for a request that did not fail. */
export function failureOf(record: RequestRecord): Fact | undefined {
  if (record.ending !== "failed" && record.ending !== "deadline") return undefined;
  const { requestId, method, written, code, status, replayed, generation, cause, trace } = record;
  return {
    type: "request_failed",
    slot: record.slot,
    generation: generation === 0 ? undefined : generation,
    version: record.version,
    message: `${method} ${requestId} failed: ${cause ?? code ?? "unknown"}`,
    details: {
      ...{ requestId, method, written, code: code ?? "", status, replayed },
      ...(trace && { traceId: trace.traceId, spanId: trace.spanId }),
    },
  };
}
