// Lame duck, seen from the client side: how large a share of the answers say `Connection: close`.

/**
 * For the last part of the time every answer says it. Who is closed as idle at the end has therefore not asked for so long: a
 * connection that is merely between two requests must not be closed under the second one, also where its client is slow to
 * hear of it. ms, and the most of the whole time.
 */
const ALL_TOLD_MS = 2_000;
const ALL_TOLD_SHARE = 0.6;

/** Multiples of it, modulo 1, fill the unit interval evenly, so that any run of connections is spread over the time. */
const GOLDEN_RATIO = 0.618033988749895;

export class WindDown {
  readonly #now: () => number;
  #since = 0;
  #until: number | undefined = undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begins; while it lasts, another call can only shorten the time. Returns the time that is left, ms. */
  begin(overMs: number): number {
    const now = this.#now();
    const until = now + Math.max(0, overMs);
    if (this.#until === undefined) {
      this.#since = now;
      this.#until = until;
    } else this.#until = Math.min(this.#until, until);
    return Math.max(0, this.#until - now);
  }

  end(): void {
    this.#until = undefined;
  }

  /** Whether an answer given now on the connection of that number is its last: for a rising share, at the end for all. */
  isLast(connectionId: number): boolean {
    if (this.#until === undefined) return false;
    const now = this.#now();
    if (now >= this.#until) return true;
    const place = (connectionId * GOLDEN_RATIO) % 1;
    const wholeMs = this.#until - this.#since;
    return now - this.#since >= place * (wholeMs - Math.min(ALL_TOLD_MS, wholeMs * ALL_TOLD_SHARE));
  }
}
