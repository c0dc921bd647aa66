// Hold: new requests wait here, bounded in number and time, while no slot can take them, and are released at a pace
// when one can: a generation that has just started is not met by a thousand requests in one millisecond.

import type { ErrorCode } from "../errors.ts";
import type { Guest } from "./admission.ts";

export interface HoldLimits {
  /** Most requests held at a time. */
  readonly max: number;
  /** Longest wait of one request, ms. */
  readonly timeoutMs: number;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

export interface HoldCounts {
  /** Held now. */
  readonly held: number;
  /** Ever held. */
  readonly total: number;
  /** Longest completed wait since start, ms. */
  readonly longestMs: number;
}

interface Place {
  readonly since: number;
  readonly deadline: number;
}

export interface Hold {
  readonly size: number;
  readonly isFull: boolean;
  add(guest: Guest, toFront: boolean): void;
  remove(guest: Guest): boolean;
  release(): void;
  refuseAll(code: ErrorCode): void;
  counts(): HoldCounts;
}

/** The first batch; each later batch is twice as large. */
const FIRST_BATCH = 16;
/** Between two batches, ms: 1,024 requests leave within 30 ms. */
const BATCH_GAP_MS = 5;

/** `admit` sends or refuses a guest by the present route; false: there is no way out now, keep it. */
export function createHold(limits: HoldLimits, admit: (guest: Guest) => boolean): Hold {
  // Insertion order is the line. Guests that come back stand in a line of their own, which goes first.
  const line = new Map<Guest, Place>();
  const front = new Map<Guest, Place>();
  // A guest that comes back keeps the deadline of its first hold, so that flapping cannot hold it for ever.
  const firstDeadline = new WeakMap<Guest, number>();
  let expiry: NodeJS.Timeout | undefined;
  let pace: NodeJS.Timeout | undefined;
  let total = 0;
  let longestMs = 0;

  const size = () => line.size + front.size;

  function take(guest: Guest): boolean {
    const place = front.get(guest) ?? line.get(guest);
    if (!place) return false;
    front.delete(guest);
    line.delete(guest);
    longestMs = Math.max(longestMs, limits.now() - place.since);
    return true;
  }

  function next(): Guest | undefined {
    for (const guest of front.keys()) return guest;
    for (const guest of line.keys()) return guest;
    return undefined;
  }

  function armExpiry(): void {
    if (expiry || size() === 0) return;
    let soonest = Number.POSITIVE_INFINITY;
    for (const place of line.values()) {
      soonest = place.deadline;
      break;
    }
    for (const place of front.values()) soonest = Math.min(soonest, place.deadline);
    expiry = setTimeout(expire, Math.max(1, soonest - limits.now()));
  }

  function expire(): void {
    expiry = undefined;
    const now = limits.now();
    for (const places of [front, line]) {
      for (const [guest, place] of places) {
        if (place.deadline > now) continue;
        take(guest);
        guest.refuse("HOLD_TIMEOUT");
      }
    }
    armExpiry();
  }

  function releaseBatch(batch: number): void {
    pace = undefined;
    for (let left = batch; left > 0; left--) {
      const guest = next();
      if (!guest) return;
      take(guest);
      if (admit(guest)) continue;
      // The route closed again in the middle of the batch: back to the front, with the deadline that it had.
      add(guest, true);
      return;
    }
    if (size() > 0) pace = setTimeout(releaseBatch, BATCH_GAP_MS, batch * 2);
  }

  function add(guest: Guest, toFront: boolean): void {
    const now = limits.now();
    if (!toFront && size() >= limits.max) {
      guest.refuse("HOLD_FULL");
      return;
    }
    const deadline = firstDeadline.get(guest) ?? now + limits.timeoutMs;
    if (deadline <= now) {
      guest.refuse("HOLD_TIMEOUT");
      return;
    }
    firstDeadline.set(guest, deadline);
    guest.ticket.alight();
    (toFront ? front : line).set(guest, { since: now, deadline });
    total++;
    armExpiry();
  }

  return {
    get size() {
      return size();
    },
    get isFull() {
      return size() >= limits.max;
    },
    add,
    remove: take,
    release() {
      if (!pace) releaseBatch(FIRST_BATCH);
    },
    refuseAll(code) {
      for (let guest = next(); guest; guest = next()) {
        take(guest);
        guest.refuse(code);
      }
    },
    counts: () => ({ held: size(), total, longestMs }),
  };
}
