// How long an idle connection to one generation may be trusted. An app may close an idle connection at the very moment at
// which a request is written to it (RFC 9112 9.3.1), and a request that must not be sent twice is then lost. So such a
// request takes a connection only within a window that this app's own behaviour has earned, else a fresh one.

/** The window never grows beyond this, ms. */
const MOST_TRUST_MS = 1000;
/** The window is a tenth of the longest time that a connection was seen to idle unharmed, and of the shortest after which one was closed. */
const TRUST_SHARE = 10;
/** So many connections must have idled unharmed before any is trusted. */
const LEAST_EVIDENCE = 32;
/** An app that closes connections this young (ms) does not follow an idle time-out; no pause is short enough to be safe. */
const YOUNG_MS = 1000;

/** So many generations are remembered: those that run, and some that have gone. */
const MOST_GENERATIONS = 16;

/** The trust in each generation. It outlives the connections: the generation that traffic has left is the one it returns to. */
export class IdleTrusts {
  readonly #mostIdleMs: number;
  /** The generation first used is first. */
  readonly #trusts = new Map<number, IdleTrust>();

  /** `mostIdleMs`: as for each of them. */
  constructor(mostIdleMs: number) {
    this.#mostIdleMs = mostIdleMs;
  }

  of(generation: number): IdleTrust {
    const known = this.#trusts.get(generation);
    if (known) return known;
    const trust = new IdleTrust(this.#mostIdleMs);
    this.#trusts.set(generation, trust);
    if (this.#trusts.size > MOST_GENERATIONS) this.#trusts.delete(this.#trusts.keys().next().value!);
    return trust;
  }
}

export class IdleTrust {
  readonly #mostIdleMs: number;
  #longestSurvivalMs = 0;
  #survivals = 0;
  #shortestCloseMs = Number.POSITIVE_INFINITY;

  /** `mostIdleMs`: the longest that any connection may idle, whatever the app does. */
  constructor(mostIdleMs: number) {
    this.#mostIdleMs = mostIdleMs;
  }

  /** A connection idled that long, ms, and served the next request. */
  survived(idleMs: number): void {
    this.#survivals++;
    if (idleMs > this.#longestSurvivalMs) this.#longestSurvivalMs = idleMs;
  }

  /** The app closed a connection that had idled that long, ms. */
  closedByApp(idleMs: number): void {
    if (idleMs < this.#shortestCloseMs) this.#shortestCloseMs = idleMs;
  }

  /** A request that may not be sent twice takes a connection that has idled less than this, ms; 0: a fresh one only. */
  get windowMs(): number {
    if (this.#shortestCloseMs < YOUNG_MS || this.#survivals < LEAST_EVIDENCE) return 0;
    const evidenceMs = Math.min(this.#longestSurvivalMs, this.#shortestCloseMs);
    return Math.min(evidenceMs / TRUST_SHARE, MOST_TRUST_MS);
  }

  /**
   * Connections that have idled longer, ms, are closed before the app does it. Not below a second, lest an app that closes
   * at random costs every replayable request a connect as well.
   */
  get mostIdleMs(): number {
    return Math.min(this.#mostIdleMs, Math.max(this.#shortestCloseMs / 2, YOUNG_MS));
  }
}
