// The HTTP/2 connections of one engine: taken over when their preface has been seen, told to go at lame duck, each at its
// own time, and closed when they are idle.

import type { Socket } from "node:net";
import { endStreamsOf } from "../stream-ends.ts";
import type { WindDown } from "../wind-down.ts";
import { ClientSession, PATIENCE, type Patience } from "./client-session.ts";
import type { StreamHouse } from "./stream-exchange.ts";

/** Between two looks at the connections, ms. */
const LOOK_MS = 500;
/** The same at lame duck: so finely their ends are spread. */
const WIND_DOWN_LOOK_MS = 50;
/** A connection that is younger and has asked nothing yet is about to, ms. */
const NEWCOMER_MS = 1000;

export interface FrontParts {
  readonly house: StreamHouse;
  readonly windDown: WindDown;
  /** All client connections of the engine, these included. */
  readonly connections: () => number;
  readonly patience?: Patience | undefined;
}

export class Http2Front {
  readonly #parts: FrontParts;
  readonly #sessions = new Set<ClientSession>();
  #ids = 0;
  #looker: NodeJS.Timeout | undefined = undefined;
  /** Since when it is lame duck, ms; Infinity while it is not. */
  #leavingSince = Number.POSITIVE_INFINITY;

  constructor(parts: FrontParts) {
    this.#parts = parts;
  }

  /** Takes over a connection that nobody else reads any more; `bytes`: all that was read of it, the preface first. */
  take(socket: Socket, bytes: Buffer): void {
    const { house, connections, patience = PATIENCE } = this.#parts;
    if (socket.destroyed) return;
    const surplus = connections() > house.parts.limits.maxConnections;
    const session = new ClientSession(house, socket, bytes, {
      id: ++this.#ids,
      surplus,
      patience,
      onClose: () => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#lookEvery(0);
      },
    });
    this.#sessions.add(session);
    if (this.#sessions.size === 1) this.#lookEvery(this.#isLeaving ? WIND_DOWN_LOOK_MS : LOOK_MS);
  }

  /** Lame duck has begun. */
  leave(): void {
    this.#leavingSince = Math.min(this.#leavingSince, this.#parts.house.parts.now());
    if (this.#sessions.size > 0) this.#lookEvery(WIND_DOWN_LOOK_MS);
  }

  /** Lame duck has ended (R4). Who was told to go, goes. */
  stay(): void {
    this.#leavingSince = Number.POSITIVE_INFINITY;
    if (this.#sessions.size > 0) this.#lookEvery(LOOK_MS);
  }

  /** Tells all that are idle to go; who has only just connected is about to ask, and is spared unless `all`. */
  closeIdle(all: boolean): void {
    const now = this.#parts.house.parts.now();
    for (const session of this.#sessions) {
      const isNewcomer = session.isNew && now - session.openedAt < NEWCOMER_MS;
      if (all || !isNewcomer) session.tell();
    }
  }

  /** As the engine's `endStreams`. */
  endStreams(generation: number | undefined): Promise<void> {
    return endStreamsOf(this.#parts.house.active, (exchange) => exchange.endStream(generation));
  }

  /** Cuts every unfinished request; returns how many. */
  cut(): number {
    const { active, parts } = this.#parts.house;
    let count = 0;
    for (const exchange of [...active]) {
      try {
        if (exchange.cut()) count++;
      } catch (error) {
        // The others must not outlive the deadline for it.
        parts.observer.trouble(
          error instanceof Error ? error : new Error(String(error)),
          "a request was not cut",
        );
      }
    }
    return count;
  }

  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    this.#lookEvery(0);
  }

  get #isLeaving(): boolean {
    return this.#leavingSince !== Number.POSITIVE_INFINITY;
  }

  #lookEvery(ms: number): void {
    clearInterval(this.#looker);
    this.#looker = ms === 0 ? undefined : setInterval(() => this.#look(), ms);
    this.#looker?.unref();
  }

  #look(): void {
    const { house, windDown } = this.#parts;
    const now = house.parts.now();
    for (const session of this.#sessions) {
      session.look(now);
      // Who has connected during lame duck may ask once: there may be nowhere else to go.
      const hasAsked = !session.isNew || session.openedAt < this.#leavingSince;
      if (this.#isLeaving && hasAsked && windDown.isLast(session.id)) session.tell();
    }
  }
}
