// Hold: new requests wait here, bounded in number and time, while no slot can take them, and are released at a pace
// when one can: a generation that has just started is not met by a thousand requests in one millisecond.
// Timers run only while somebody is held: whoever has emptied the hold has stopped it.

import type { ErrorCode } from "../errors.ts";
import type { Guest } from "./admission.ts";

export interface HoldLimits {
  /**
   * Most requests held at a time; 0: none is ever held. Requests that come back are not turned away for it: they were
   * admitted before, and the most connections bound them.
   */
  readonly max: number;
  /** Longest wait of one request, all its holds together, ms. */
  readonly timeoutMs: number;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

export interface HoldCounts {
  /** Held now. */
  readonly held: number;
  /** Requests ever held; one that was held twice counts once. */
  readonly total: number;
  /** Longest wait that has ended, in whatever way, since start, ms. */
  readonly longestMs: number;
}

/** The way out of the hold, as the route is at this moment. */
export interface WayOut {
  readonly isOpen: () => boolean;
  /** Sends or refuses the guest; called only while open. */
  readonly admit: (guest: Guest) => void;
  /** Why a guest whose time is up could not leave. */
  readonly lateCode: () => ErrorCode;
}

interface Place {
  readonly since: number;
  readonly deadline: number;
}

export interface Hold {
  readonly size: number;
  readonly isFull: boolean;
  /** Holds the guest or refuses it (HOLD_FULL, or the way's late code). One that is held already keeps its place. */
  add(guest: Guest, toFront: boolean): void;
  remove(guest: Guest): boolean;
  /** Lets the guests out, in growing batches or all at once, for as long as the way is open. */
  release(how: "paced" | "at-once"): void;
  /** The way has closed or leads elsewhere: the next release begins with a small batch again. */
  pause(): void;
  counts(): HoldCounts;
}

/** The first batch; each later batch is twice as large. */
const FIRST_BATCH = 16;
/** Between two batches, ms: 1,024 requests leave within 30 ms. */
const BATCH_GAP_MS = 5;
/** What setTimeout can take; beyond it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createHold(limits: HoldLimits, wayOut: WayOut): Hold {
  // Insertion order is the line. Guests that come back stand in a line of their own, which goes first.
  const line = new Map<Guest, Place>();
  const front = new Map<Guest, Place>();
  // What a guest has waited in earlier holds counts, so that flapping cannot hold it for ever; the time that an attempt
  // took in between does not, so that a long request whose app died still finds a place.
  const waited = new WeakMap<Guest, number>();
  let expiry: NodeJS.Timeout | undefined;
  let expiryAt = Number.POSITIVE_INFINITY;
  let pace: NodeJS.Timeout | undefined;
  let isReleasing = false;
  /** How many may still leave in this batch. */
  let allowance = 0;
  let total = 0;
  let longestMs = 0;

  const size = () => line.size + front.size;

  function take(guest: Guest): boolean {
    const place = front.get(guest) ?? line.get(guest);
    if (!place) return false;
    front.delete(guest);
    line.delete(guest);
    const waitMs = limits.now() - place.since;
    waited.set(guest, (waited.get(guest) ?? 0) + waitMs);
    longestMs = Math.max(longestMs, waitMs);
    if (size() === 0) {
      pause();
      disarm();
    }
    return true;
  }

  function next(): Guest | undefined {
    for (const guest of front.keys()) return guest;
    for (const guest of line.keys()) return guest;
    return undefined;
  }

  function disarm(): void {
    clearTimeout(expiry);
    expiryAt = Number.POSITIVE_INFINITY;
  }

  function arm(deadline: number): void {
    if (deadline >= expiryAt) return;
    clearTimeout(expiry);
    expiryAt = deadline;
    expiry = setTimeout(expire, Math.min(LONGEST_TIMER_MS, Math.max(1, deadline - limits.now())));
  }

  function expire(): void {
    disarm();
    const now = limits.now();
    try {
      for (const places of [front, line]) {
        for (const [guest, place] of places) {
          if (place.deadline > now) continue;
          take(guest);
          // Where only the pace still keeps the guest, it goes out of turn: a slot can take it.
          if (wayOut.isOpen()) wayOut.admit(guest);
          else guest.refuse(wayOut.lateCode());
        }
      }
    } finally {
      for (const places of [front, line]) for (const place of places.values()) arm(place.deadline);
    }
  }

  function releaseBatch(batch: number): void {
    pace = undefined;
    allowance = batch;
    isReleasing = true;
    try {
      // The way and the line are looked at anew each time: whoever leaves may change both.
      for (let guest = next(); guest && allowance > 0 && wayOut.isOpen(); guest = next()) {
        allowance--;
        take(guest);
        wayOut.admit(guest);
      }
    } finally {
      isReleasing = false;
      if (size() > 0 && wayOut.isOpen()) pace = setTimeout(releaseBatch, BATCH_GAP_MS, batch * 2);
    }
  }

  function pause(): void {
    clearTimeout(pace);
    pace = undefined;
  }

  return {
    get size() {
      return size();
    },
    get isFull() {
      return size() >= limits.max;
    },
    add(guest, toFront) {
      if (front.has(guest) || line.has(guest)) return;
      const earlierMs = waited.get(guest);
      const leftMs = limits.timeoutMs - (earlierMs ?? 0);
      if (limits.max === 0 || (!toFront && size() >= limits.max)) {
        guest.refuse("HOLD_FULL");
        return;
      }
      if (leftMs <= 0) {
        guest.refuse(wayOut.lateCode());
        return;
      }
      const since = limits.now();
      guest.ticket.alight();
      (toFront ? front : line).set(guest, { since, deadline: since + leftMs });
      if (earlierMs === undefined) total++;
      arm(since + leftMs);
    },
    remove: take,
    release(how) {
      const batch = how === "paced" ? FIRST_BATCH : Number.POSITIVE_INFINITY;
      if (how === "at-once") pause();
      // The route changed while a guest was leaving: the batch goes on, under the new rule.
      if (isReleasing) allowance = batch;
      else if (!pace) releaseBatch(batch);
    },
    pause,
    counts: () => ({ held: size(), total, longestMs }),
  };
}
