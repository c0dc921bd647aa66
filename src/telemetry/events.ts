// The timeline: what happened, when and why, as numbered facts. The newest are kept for those who ask later; each new
// one is logged and handed to those who listen.

import type { TimelineEvent } from "../api/backend.ts";
import { EVENT_TYPES, type EventType } from "./event-types.ts";
import type { Log, LogFields } from "./log.ts";
import { createQuota } from "./quota.ts";

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
  /** Logs what the quota of failed requests still keeps back. */
  close(): void;
}

const KEPT = 1_000;
/** Of the kept events at most this many are failed requests, so that a burst of them cannot push out the upgrade's story. */
const KEPT_FAILURES = 250;
const FAILURE_LINES = 10;
const FAILURE_WINDOW_MS = 1_000;

interface Subscriber {
  /** Id of the last event that it got. */
  seen: number;
  busy: boolean;
  readonly onEvent: (event: TimelineEvent) => unknown;
}

export function createTimeline(parts: TimelineParts): Timeline {
  const { log, now, wallClock } = parts;
  const kept: TimelineEvent[] = [];
  const subscribers = new Set<Subscriber>();
  let lastId = 0;
  let failuresKept = 0;
  let dropped = 0;
  const quota = createQuota(FAILURE_LINES, FAILURE_WINDOW_MS, (leftOut) =>
    log.warn(
      { event: "request_failed", leftOut },
      "further requests failed; GET /v1/events has each of them",
    ),
  );

  function keep(event: TimelineEvent): void {
    kept.push(event);
    if (event.type === "request_failed") failuresKept++;
    if (failuresKept > KEPT_FAILURES) forget(kept.findIndex((old) => old.type === "request_failed"));
    else if (kept.length > KEPT) forget(0);
  }

  function forget(index: number): void {
    const [old] = kept.splice(index, 1);
    if (old?.type === "request_failed") failuresKept--;
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

  function print(event: TimelineEvent): void {
    const level = EVENT_TYPES[event.type as EventType].level;
    if (event.type === "request_failed" && !quota.take()) return;
    log[level](fieldsOf(event), event.message);
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
      print(event);
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
    close: () => quota.close(),
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
