// Connections to the app, kept per generation and used newest first, so that those not needed grow old and are closed.

import type { Destination } from "../admission.ts";
import { type IdleTrust, IdleTrusts } from "../idle-trust.ts";
import { AppConnection } from "./app-connection.ts";
import type { House } from "./house.ts";
import type { ConnectionOwner, Served } from "./served.ts";

/** Between two looks at the idle connections, ms. */
const SWEEP_MS = 500;
/** So many idle connections are kept in any case; beyond, as many as were lately in use at a time. */
const LEAST_KEPT = 8;
/** How long before the end of an app's announced `Keep-Alive: timeout` its connection is given up, ms. */
const KEEP_ALIVE_MARGIN_MS = 1000;
/** How much of the peak is left after each look: half of it is forgotten in 17 seconds. */
const PEAK_DECAY = 0.98;
/** So many connections are begun in one turn of the event loop. What the kernel does for one takes as long as a request. */
const MOST_DIALS = 2;
/** The idle connections of a generation that is left are closed over this time, ms, so that neither side stands still for it. */
const RETIRE_MS = 200;
const RETIRE_STEPS = 20;

export class AppPool {
  readonly #house: () => House;
  readonly #generations = new Map<number, GenerationPool>();
  /** Those retired that still have idle connections. */
  readonly #leaving = new Set<GenerationPool>();
  #trusts: IdleTrusts | undefined = undefined;
  #sweeper: NodeJS.Timeout | undefined = undefined;

  constructor(house: () => House) {
    this.#house = house;
  }

  /**
   * Finds or opens a connection for the exchange, in this turn of the event loop or one of the next. `once`: it may not be sent
   * twice, so it takes one that is beyond doubt.
   */
  serve(destination: Destination, once: boolean, exchange: Served): void {
    const pool = this.#generations.get(destination.generation) ?? this.#begin(destination);
    pool.serve(once, exchange);
  }

  /** Closes the generation's idle connections one after the other, and those in use as soon as they are idle. */
  retire(generation: number): void {
    const pool = this.#generations.get(generation);
    if (!pool) return;
    this.#generations.delete(generation);
    this.#leaving.add(pool);
    pool.retire(() => this.#leaving.delete(pool));
  }

  destroy(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const pools of [this.#generations, this.#leaving]) {
      for (const pool of pools.values()) pool.destroy();
      pools.clear();
    }
  }

  #begin(destination: Destination): GenerationPool {
    const house = this.#house();
    this.#trusts ??= new IdleTrusts(house.parts.limits.appIdleMs);
    const pool = new GenerationPool(destination, house, this.#trusts.of(destination.generation));
    this.#generations.set(destination.generation, pool);
    this.#sweeper ??= setInterval(() => {
      for (const each of this.#generations.values()) each.sweep();
    }, SWEEP_MS).unref();
    return pool;
  }
}

interface Waiter {
  readonly once: boolean;
  readonly exchange: Served;
}

class GenerationPool implements ConnectionOwner {
  readonly #destination: Destination;
  readonly #house: House;
  readonly #trust: IdleTrust;
  /** The newest is last. */
  readonly #idle: AppConnection[] = [];
  readonly #inUse = new Set<AppConnection>();
  /** For whom no connection was begun in this turn. */
  #waiting: Waiter[] = [];
  #dials = 0;
  #isTurnDue = false;
  #peak = 0;
  #retired = false;

  constructor(destination: Destination, house: House, trust: IdleTrust) {
    this.#destination = destination;
    this.#house = house;
    this.#trust = trust;
  }

  serve(once: boolean, exchange: Served): void {
    const idle = this.#take(once);
    if (idle) {
      this.#use(idle, exchange);
      idle.serve(exchange);
    } else if (this.#dials < MOST_DIALS && this.#waiting.length === 0) this.#dial(exchange);
    else this.#waiting.push({ once, exchange });
  }

  opened(): void {
    this.#house.parts.observer.accepted(this.#destination.generation);
  }

  released(connection: AppConnection): void {
    this.#inUse.delete(connection);
    if (connection.served > 1) this.#trust.survived(connection.idledMs);
    if (this.#retired || !connection.usable || !this.#isKept(connection, 0)) {
      connection.destroy();
      return;
    }
    connection.idleSince = this.#house.parts.now();
    this.#idle.push(connection);
    if (this.#idle.length > Math.max(LEAST_KEPT, this.#peak)) this.#discardOldest(connection.idleSince);
  }

  endedByApp(connection: AppConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at !== -1) {
      this.#idle.splice(at, 1);
      // An app that was told that it is left closes them for that.
      if (!this.#retired) this.#trust.closedByApp(this.#house.parts.now() - connection.idleSince);
    } else if (this.#inUse.has(connection) && connection.served > 0 && !connection.answering) {
      // The race that was lost: it had idled for so long, and ended when it was used again.
      this.#trust.closedByApp(connection.idledMs);
    }
  }

  closed(connection: AppConnection): void {
    this.#inUse.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  sweep(): void {
    this.#peak = Math.max(this.#inUse.size, Math.floor(this.#peak * PEAK_DECAY));
    const { mostIdleMs } = this.#trust;
    const now = this.#house.parts.now();
    // The oldest are first.
    while (this.#idle[0] && now - this.#idle[0].idleSince >= mostIdleMs) this.#discardOldest(now);
    for (const { idleSince } of this.#idle)
      if (now - idleSince >= SWEEP_MS) this.#trust.survived(now - idleSince);
    // What an app has announced may differ from one connection to the next.
    for (let at = this.#idle.length - 1; at >= 0; at--) {
      if (!this.#isKept(this.#idle[at]!, now - this.#idle[at]!.idleSince))
        this.#idle.splice(at, 1)[0]?.destroy();
    }
  }

  /** Calls `then` when the last idle connection has been closed. */
  retire(then: () => void): void {
    this.#retired = true;
    const portion = Math.ceil(this.#idle.length / RETIRE_STEPS);
    const timer = setInterval(() => {
      for (const connection of this.#idle.splice(0, portion)) connection.destroy();
      if (this.#idle.length > 0) return;
      clearInterval(timer);
      then();
    }, RETIRE_MS / RETIRE_STEPS).unref();
  }

  destroy(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  #use(connection: AppConnection, exchange: Served): void {
    exchange.attempts.app = connection;
    this.#inUse.add(connection);
    if (this.#inUse.size > this.#peak) this.#peak = this.#inUse.size;
  }

  #dial(exchange: Served): void {
    this.#dials++;
    // First, so that those behind it have their turn even if this cannot be begun.
    if (!this.#isTurnDue) setImmediate(() => this.#onTurn());
    this.#isTurnDue = true;
    this.#use(new AppConnection(this.#destination, this.#house, this, exchange), exchange);
  }

  /** Those who wait take what has become idle meanwhile, or begin the next connections. */
  #onTurn(): void {
    this.#isTurnDue = false;
    this.#dials = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      const isInVain = this.#dials === MOST_DIALS && this.#idle.length === 0 && !this.#retired;
      if (isInVain) this.#waiting.push(waiter);
      else if (!waiter.exchange.attempts.isOver) this.#serveLate(waiter);
    }
  }

  #serveLate({ once, exchange }: Waiter): void {
    const { attempts } = exchange;
    try {
      // An app that stops may close its listener before all of them have come so far.
      if (!this.#retired || !attempts.turnElsewhere()) this.serve(once, exchange);
    } catch (error) {
      // A defect is that request's, not that of all who wait behind it.
      this.#house.parts.observer.trouble(error as Error, "a request that had waited was given up");
      attempts.app?.destroy();
      attempts.failed({
        code: "INTERNAL",
        refused: false,
        sentNothing: !attempts.isSent,
        answerSeen: false,
        stale: false,
        cause: String(error),
      });
    }
  }

  #take(once: boolean): AppConnection | undefined {
    // Its process may be known to be dead: a fresh connection is refused then, an old one takes the request with it.
    if (this.#retired) return undefined;
    const mostIdleMs = once ? this.#trust.windowMs : this.#trust.mostIdleMs;
    for (let newest = this.#idle.at(-1); newest; newest = this.#idle.at(-1)) {
      newest.idledMs = this.#house.parts.now() - newest.idleSince;
      // All others have idled longer.
      if (newest.idledMs >= mostIdleMs) return undefined;
      this.#idle.pop();
      if (newest.usable && this.#isKept(newest, newest.idledMs)) return newest;
      newest.destroy();
    }
    return undefined;
  }

  #isKept(connection: AppConnection, idledMs: number): boolean {
    return connection.keptMs === 0 || idledMs < connection.keptMs - KEEP_ALIVE_MARGIN_MS;
  }

  /** That the app had not closed it is evidence too, or traffic that may not be sent twice would never earn a window. */
  #discardOldest(now: number): void {
    const oldest = this.#idle.shift();
    if (!oldest) return;
    this.#trust.survived(now - oldest.idleSince);
    oldest.destroy();
  }
}
