// Which requests are traced, and what is kept of one that is: its ids and the moments of its way. A request that is not
// sampled costs a look at its fields' lengths; nothing of it is kept, and its trace context goes to the app as it came.

import type { Destination } from "../../proxy/admission.ts";
import type { Fields } from "../../proxy/headers/fields.ts";
import type { RequestTrace } from "../../proxy/trace.ts";
import type { Ids } from "./span.ts";
import { formatTraceparent, parseTraceparent, type TraceParent } from "./trace-context.ts";

export interface RequestTracerParts {
  /** The share of requests without a trace of their own that begin one, 0 to 1. */
  readonly ratio: number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly ids: Ids;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** A request that was to be sampled is not: too many are. */
  readonly onSurplus: () => void;
}

/** A part of a request's way; `until` is undefined for the last one: the request's end. */
export type Stretch = Wait | Attempt;

interface Wait {
  readonly kind: "wait";
  readonly from: number;
  until: number | undefined;
}

interface Attempt {
  readonly kind: "attempt";
  readonly from: number;
  until: number | undefined;
  readonly spanId: string;
  readonly destination: Destination;
  answeredAt: number | undefined;
}

/** Whoever sets the flag of a request decides that it is traced; so many a second may. */
const MOST_TRACES_A_SECOND = 500;
const TRACEPARENT = "traceparent";
const TRACESTATE = "tracestate";

/** Returns what decides on a request when it comes. A caller's decision is kept; without one, `ratio` decides. */
export function createRequestTracer(
  parts: RequestTracerParts,
): (fields: Fields) => TracedRequest | undefined {
  const { ratio, random, ids, now, onSurplus } = parts;
  let second = Number.NEGATIVE_INFINITY;
  let begun = 0;

  function isSurplus(): boolean {
    const at = now();
    if (at - second >= 1_000) {
      second = at;
      begun = 0;
    }
    begun++;
    return begun > MOST_TRACES_A_SECOND;
  }

  return (fields) => {
    const parent = fields.length === 0 ? undefined : parentOf(fields);
    if (parent ? !parent.sampled : random() >= ratio) return undefined;
    if (isSurplus()) {
      onSurplus();
      return undefined;
    }
    return new TracedRequest(now(), ids, parent, parent ? valuesOf(fields, TRACESTATE) : []);
  };
}

export class TracedRequest implements RequestTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  /** Monotonic, ms. */
  readonly begunAt: number;
  readonly stretches: Stretch[] = [];
  readonly #ids: Ids;
  readonly #isRandom: boolean;
  readonly #state: readonly string[];

  constructor(begunAt: number, ids: Ids, parent: TraceParent | undefined, state: readonly string[]) {
    this.begunAt = begunAt;
    this.#ids = ids;
    this.traceId = parent?.traceId ?? ids.trace();
    this.parentId = parent?.parentId;
    this.spanId = ids.span();
    this.#isRandom = parent?.random ?? true;
    this.#state = state;
  }

  waits(at: number): void {
    this.#closeStretch(at);
    this.stretches.push({ kind: "wait", from: at, until: undefined });
  }

  boards(at: number, destination: Destination): void {
    this.#closeStretch(at);
    const spanId = this.#ids.span();
    this.stretches.push({
      kind: "attempt",
      from: at,
      until: undefined,
      spanId,
      destination,
      answeredAt: undefined,
    });
  }

  answers(at: number): void {
    const last = this.stretches.at(-1);
    if (last?.kind === "attempt") last.answeredAt ??= at;
  }

  fields(): string[] {
    const last = this.stretches.at(-1);
    const spanId = last?.kind === "attempt" ? last.spanId : this.spanId;
    const fields = [TRACEPARENT, formatTraceparent(this.traceId, spanId, this.#isRandom)];
    for (const value of this.#state) fields.push(TRACESTATE, value);
    return fields;
  }

  #closeStretch(at: number): void {
    const last = this.stretches.at(-1);
    if (last) last.until ??= at;
  }
}

/** Two of them are none: nobody could say which one holds (section 3.2). */
function parentOf(fields: Fields): TraceParent | undefined {
  const values = valuesOf(fields, TRACEPARENT);
  return values.length === 1 ? parseTraceparent(values[0]!) : undefined;
}

/** Lower case is made of few names only: those of the right length. */
function valuesOf(fields: Fields, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const other = fields[i]!;
    if (other.length === name.length && other.toLowerCase() === name) values.push(fields[i + 1]!);
  }
  return values;
}
