// Trace context (W3C Trace Context, sections 3.2 and 3.3): who takes part in a trace names itself as the parent of what follows.

import { type Fields, keep } from "./fields.ts";

/** The fields with `own` in place of the client's `traceparent` and `tracestate`. */
export function tracedFields(fields: Fields, own: Fields): string[] {
  const kept = keep(fields, (name) => name !== "traceparent" && name !== "tracestate");
  kept.push(...own);
  return kept;
}
