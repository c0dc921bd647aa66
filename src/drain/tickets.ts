// A ticket is what one request holds from entry to exit. In-flight is the number of tickets out, so the account
// (accepted = ended + in flight) holds by construction, and nobody polls: the last leave resolves the waiters.

/** The ways in which a request ends; each request ends in exactly one. */
export const ENDINGS = ["answered", "client_aborted", "refused", "failed", "deadline"] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Account {
  readonly accepted: number;
  readonly ended: Readonly<Record<Ending, number>>;
  readonly inFlight: number;
}

export interface Ticket {
  /** The generation on which the request is in flight; 0 while it is on none (held, or not yet sent). */
  readonly generation: number;
  /** Counts the request as in flight on `generation` (> 0), and no longer on an earlier one. */
  board(generation: number): void;
  /** Takes the request off its generation, e.g. while it is held for a replay. */
  alight(): void;
  /** Ends the request. The first call counts; later calls change nothing and return false. */
  leave(ending: Ending): boolean;
}

export interface Tickets {
  enter(): Ticket;
  account(): Account;
  /** Since the last request entered, ms; since the start if none has. */
  sinceLastEntry(): number;
  /** Requests in flight on one generation. */
  inFlight(generation: number): number;
  /** Calls `listener` each time that a request has left a generation, wherever it went. One listener; a later one takes its place. */
  onLeave(listener: () => void): void;
  /** Resolves as soon as no request is in flight on the generation; at once if none is. */
  whenIdle(generation: number): Promise<void>;
  /** Resolves as soon as no request at all is in flight, held ones included; at once if none is. */
  whenQuiet(): Promise<void>;
}

/** `now`: monotonic clock, ms. */
export function createTickets(now: () => number): Tickets {
  const ended: Record<Ending, number> = {
    answered: 0,
    client_aborted: 0,
    refused: 0,
    failed: 0,
    deadline: 0,
  };
  const aboard = new Map<number, number>();
  const idleWaiters = new Map<number, (() => void)[]>();
  let quietWaiters: (() => void)[] = [];
  let accepted = 0;
  let inFlight = 0;
  let lastEntry = now();
  let leaveListener: (() => void) | undefined;

  function stepOff(generation: number): void {
    if (generation === 0) return;
    const left = aboard.get(generation)! - 1;
    if (left > 0) aboard.set(generation, left);
    else aboard.delete(generation);
    leaveListener?.();
    if (left > 0) return;
    const waiters = idleWaiters.get(generation);
    if (!waiters) return;
    idleWaiters.delete(generation);
    for (const resolve of waiters) resolve();
  }

  class OneTicket implements Ticket {
    generation = 0;
    #out = true;

    board(generation: number): void {
      if (!this.#out || generation === this.generation) return;
      const earlier = this.generation;
      this.generation = generation;
      aboard.set(generation, (aboard.get(generation) ?? 0) + 1);
      stepOff(earlier);
    }

    alight(): void {
      const earlier = this.generation;
      this.generation = 0;
      stepOff(earlier);
    }

    leave(ending: Ending): boolean {
      if (!this.#out) return false;
      this.#out = false;
      ended[ending]++;
      inFlight--;
      this.alight();
      if (inFlight === 0) {
        const waiters = quietWaiters;
        quietWaiters = [];
        for (const resolve of waiters) resolve();
      }
      return true;
    }
  }

  return {
    enter() {
      accepted++;
      inFlight++;
      lastEntry = now();
      return new OneTicket();
    },
    account: () => ({ accepted, ended: { ...ended }, inFlight }),
    sinceLastEntry: () => now() - lastEntry,
    inFlight: (generation) => aboard.get(generation) ?? 0,
    onLeave(listener) {
      leaveListener = listener;
    },
    whenIdle(generation) {
      if (!aboard.has(generation)) return Promise.resolve();
      return new Promise((resolve) => {
        const waiters = idleWaiters.get(generation);
        if (waiters) waiters.push(resolve);
        else idleWaiters.set(generation, [resolve]);
      });
    },
    whenQuiet() {
      if (inFlight === 0) return Promise.resolve();
      return new Promise((resolve) => quietWaiters.push(resolve));
    },
  };
}
