// The trace of one request that is sampled. An engine carries it along and marks its steps; it knows nothing else of tracing.

import type { Destination } from "./admission.ts";
import type { Fields } from "./headers/fields.ts";

/** `at`: monotonic, ms. */
export interface RequestTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the request's own span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** The request asks for a slot, for the first time or again; an attempt under way has ended. */
  waits(at: number): void;
  /** The request got a slot: an attempt begins. */
  boards(at: number, destination: Destination): void;
  /** The first byte of the app's final answer came. */
  answers(at: number): void;
  /** Field lines for the present attempt; they take the place of the client's `traceparent` and `tracestate`. */
  fields(): Fields;
}

/** Begins the trace of a request that came with these fields; undefined: it is not sampled, and its fields stay as they are. */
export type BeginTrace = (fields: Fields) => RequestTrace | undefined;
