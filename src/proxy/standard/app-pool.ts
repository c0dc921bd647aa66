// Connections to the app, kept per generation and used newest first, so that those not needed grow old and are closed.

import type { Socket } from "node:net";
import type { Destination } from "../admission.ts";
import { type ConnectOptions, connectApp } from "../app-connect.ts";
import { type IdleTrust, IdleTrusts } from "../idle-trust.ts";
import type { Limits } from "../limits.ts";
import type { AppSink, Order } from "./app-call.ts";
import { AppConnection, type ConnectionOwner, UndiciCall } from "./app-connection.ts";

/** Between two looks at the idle connections, ms. */
const SWEEP_MS = 500;
/** So many idle connections are kept in any case; beyond, as many as were lately in use at a time. */
const LEAST_KEPT = 8;

export interface PoolParts {
  readonly limits: Limits;
  readonly connecting: ConnectOptions;
  readonly now: () => number;
  readonly accepted: (generation: number) => void;
}

export class AppPool {
  readonly #parts: PoolParts;
  readonly #generations = new Map<number, GenerationPool>();
  readonly #trusts: IdleTrusts;
  #sweeper: NodeJS.Timeout | undefined = undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#trusts = new IdleTrusts(parts.limits.appIdleMs);
  }

  get connecting(): ConnectOptions {
    return this.#parts.connecting;
  }

  /** Sends the order. `once`: it may not be sent twice, so it takes a connection that is beyond doubt. */
  send(destination: Destination, order: Order, once: boolean, sink: AppSink): UndiciCall {
    const pool = this.#poolOf(destination);
    const call = new UndiciCall();
    const idle = pool.take(once);
    if (idle) {
      idle.send(order, sink, call);
      return call;
    }
    call.giveUp = connectApp(destination, this.#parts.connecting, (socket, failure) => {
      if (failure) sink.onFailure(failure);
      else if (socket) {
        const connection = pool.adopt(socket);
        this.#parts.accepted(destination.generation);
        connection.send(order, sink, call);
      }
    });
    return call;
  }

  /** Closes the generation's idle connections, and those in use as soon as they are idle. */
  retire(generation: number): void {
    this.#generations.get(generation)?.retire();
    this.#generations.delete(generation);
  }

  destroy(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const pool of this.#generations.values()) pool.retire();
    this.#generations.clear();
  }

  #poolOf(destination: Destination): GenerationPool {
    let pool = this.#generations.get(destination.generation);
    if (!pool) {
      pool = new GenerationPool(destination, this.#parts, this.#trusts.of(destination.generation));
      this.#generations.set(destination.generation, pool);
    }
    this.#sweeper ??= setInterval(() => {
      for (const each of this.#generations.values()) each.sweep();
    }, SWEEP_MS).unref();
    return pool;
  }
}

class GenerationPool implements ConnectionOwner {
  readonly #origin: string;
  readonly #parts: PoolParts;
  readonly #trust: IdleTrust;
  /** The newest is last. */
  readonly #idle: AppConnection[] = [];
  readonly #inUse = new Set<AppConnection>();
  #peak = 0;
  #retired = false;

  constructor(destination: Destination, parts: PoolParts, trust: IdleTrust) {
    const host = destination.host.includes(":") ? `[${destination.host}]` : destination.host;
    this.#origin = `http://${host}:${destination.port}`;
    this.#parts = parts;
    this.#trust = trust;
  }

  adopt(socket: Socket): AppConnection {
    const connection = new AppConnection(this.#origin, socket, this.#parts.limits, this);
    this.#begin(connection);
    return connection;
  }

  take(once: boolean): AppConnection | undefined {
    const mostIdleMs = once ? this.#trust.windowMs : this.#trust.mostIdleMs;
    for (let newest = this.#idle.at(-1); newest; newest = this.#idle.at(-1)) {
      newest.idledMs = this.#parts.now() - newest.idleSince;
      // All others have idled longer.
      if (newest.idledMs >= mostIdleMs) return undefined;
      this.#idle.pop();
      if (!newest.usable) continue;
      this.#begin(newest);
      return newest;
    }
    return undefined;
  }

  released(connection: AppConnection): void {
    this.#inUse.delete(connection);
    if (connection.served > 1) this.#trust.survived(connection.idledMs);
    if (!connection.usable) return;
    if (this.#retired) {
      connection.destroy();
      return;
    }
    connection.idleSince = this.#parts.now();
    this.#idle.push(connection);
    if (this.#idle.length > Math.max(LEAST_KEPT, this.#peak)) this.#discardOldest(connection.idleSince);
  }

  endedByApp(connection: AppConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at !== -1) {
      this.#idle.splice(at, 1);
      this.#trust.closedByApp(this.#parts.now() - connection.idleSince);
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
    this.#peak = Math.max(this.#inUse.size, Math.floor(this.#peak * 0.9));
    const { mostIdleMs } = this.#trust;
    const now = this.#parts.now();
    // The oldest are first.
    while (this.#idle[0] && now - this.#idle[0].idleSince >= mostIdleMs) this.#discardOldest(now);
    for (const { idleSince } of this.#idle)
      if (now - idleSince >= SWEEP_MS) this.#trust.survived(now - idleSince);
  }

  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  #begin(connection: AppConnection): void {
    connection.answering = false;
    this.#inUse.add(connection);
    this.#peak = Math.max(this.#peak, this.#inUse.size);
  }

  /** That the app had not closed it is evidence too, or traffic that may not be sent twice would never earn a window. */
  #discardOldest(now: number): void {
    const oldest = this.#idle.shift();
    if (!oldest) return;
    this.#trust.survived(now - oldest.idleSince);
    oldest.destroy();
  }
}
