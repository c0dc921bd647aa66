// The timeline: what happened, when and why, as numbered facts. The newest are kept for those who ask later; each new
// one is logged and handed to those who listen.

import type { TimelineEvent } from "../api/backend.ts";
import { EVENT_TYPES, type EventType } from "./event-types.ts";
import type { Log, LogFields } from "./log.ts";
import { createQuota, type Quota } from "./quota.ts";

export interface Fact {
  readonly type: EventType;
  readonly slot?: string | undefined;
  readonly generation?: number | undefined;
  readonly version?: string | undefined;
  /** Plain words: what happened and why. */
  readonly message: string;
  readonly details?: TimelineEvent["details"] | undefined;
}

export interface TimelineParts {
  readonly log: Log;
  /** Monotonic, ms since sluice's start. */
  readonly now: () => number;
  /** Wall clock. */
  readonly wallClock: () => Date;
  /** The id of the trace that an event belongs to; its log line carries it. */
  readonly traceOf?: ((event: TimelineEvent) => string | undefined) | undefined;
}

export interface Timeline {
  /** Numbers, keeps, logs and hands out the fact. Never throws, whatever a subscriber does. */
  emit(fact: Fact): TimelineEvent;
  /**
   * Calls `onEvent` with each kept event whose id is above `since`, before it returns, then with each new one, in order
   * and without a gap. A `since` that was never reached counts as 0: it comes from before a restart. A subscriber that
   * throws is dropped; one that returns false could not take the event. Returns the way to end it.
   */
  subscribe(since: number, onEvent: (event: TimelineEvent) => unknown): () => void;
  /** Events that a subscriber could not take, since it did not keep up or threw. */
  dropped(): number;
  /** Logs how many lines the quotas still keep back. */
  close(): void;
}

const KEPT = 1_000;
/** What clients and strangers can make happen as often as they like. */
const UNBOUNDED = ["request_failed", "order_refused"] as const satisfies readonly EventType[];
/** Of the kept events at most this many are of one such type, so that a burst of them cannot push out the upgrade's story. */
const KEPT_OF_A_TYPE = 250;
const LINES_OF_A_TYPE = 10;
const LINES_WINDOW_MS = 1_000;

/** The events of one unbounded type. */
interface Bounded {
  kept: number;
  readonly quota: Quota;
}

interface Subscriber {
  /** Id of the last event that it got. */
  seen: number;
  busy: boolean;
  readonly onEvent: (event: TimelineEvent) => unknown;
}

export function createTimeline(parts: TimelineParts): Timeline {
  const { log, now, wallClock, traceOf } = parts;
  const kept: TimelineEvent[] = [];
  const subscribers = new Set<Subscriber>();
  let lastId = 0;
  let dropped = 0;
  const bounded = new Map<string, Bounded>(
    UNBOUNDED.map((type) => {
      const tell = (leftOut: number) =>
        log.warn({ event: type, leftOut }, `further ${type} events; GET /v1/events has each of them`);
      return [type, { kept: 0, quota: createQuota(LINES_OF_A_TYPE, LINES_WINDOW_MS, tell) }];
    }),
  );

  function keep(event: TimelineEvent): void {
    kept.push(event);
    const its = bounded.get(event.type);
    if (its) its.kept++;
    if (its && its.kept > KEPT_OF_A_TYPE) forget(kept.findIndex((old) => old.type === event.type));
    else if (kept.length > KEPT) forget(0);
  }

  function forget(index: number): void {
    const [old] = kept.splice(index, 1);
    const its = old && bounded.get(old.type);
    if (its) its.kept--;
  }

  // A subscriber that emits in its turn comes back here while it is busy: the outer loop then hands it the new event,
  // so that everyone sees the same order.
  function serve(subscriber: Subscriber): void {
    if (subscriber.busy) return;
    subscriber.busy = true;
    try {
      for (
        let event = after(subscriber.seen);
        event && subscribers.has(subscriber);
        event = after(subscriber.seen)
      ) {
        subscriber.seen = event.id;
        if (subscriber.onEvent(event) === false) dropped++;
      }
    } catch (error) {
      subscribers.delete(subscriber);
      dropped++;
      log.error(
        { event: "subscriber_dropped", err: asError(error) },
        "a listener to events failed and was dropped",
      );
    } finally {
      subscriber.busy = false;
    }
  }

  /** The oldest kept event whose id is above `id`; ids ascend, though some may be missing. */
  function after(id: number): TimelineEvent | undefined {
    if (id >= lastId) return undefined;
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (kept[middle]!.id <= id) low = middle + 1;
      else high = middle;
    }
    return kept[low];
  }

  function print(event: TimelineEvent, traceId: string | undefined): void {
    const level = EVENT_TYPES[event.type as EventType].level;
    if (bounded.get(event.type)?.quota.take() === false) return;
    log[level](traceId === undefined ? fieldsOf(event) : { ...fieldsOf(event), traceId }, event.message);
  }

  return {
    emit(fact) {
      const event: TimelineEvent = Object.freeze({
        id: ++lastId,
        time: wallClock().toISOString(),
        monotonicMs: Math.round(now() * 1000) / 1000,
        type: fact.type,
        slot: fact.slot,
        generation: fact.generation,
        version: fact.version,
        message: fact.message,
        details: fact.details ?? {},
      });
      keep(event);
      print(event, traceOf?.(event));
      for (const subscriber of subscribers) serve(subscriber);
      return event;
    },
    subscribe(since, onEvent) {
      const subscriber: Subscriber = { seen: since > lastId ? 0 : since, busy: false, onEvent };
      subscribers.add(subscriber);
      serve(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    dropped: () => dropped,
    close() {
      for (const { quota } of bounded.values()) quota.close();
    },
  };
}

/** Details that bear the name of a field of the log keep it with a prefix: none may overwrite another. */
function fieldsOf(event: TimelineEvent): LogFields {
  const fields: Record<string, string | number | boolean | undefined> = {
    event: event.type,
    eventId: event.id,
    slot: event.slot,
    generation: event.generation,
    version: event.version,
  };
  for (const [name, value] of Object.entries(event.details)) {
    fields[name in fields || RESERVED.has(name) ? `details.${name}` : name] = value;
  }
  return fields;
}

const RESERVED: ReadonlySet<string> = new Set(["level", "time", "message"]);

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
