// The app over HTTP/2 in clear text, by prior knowledge (RFC 9113 3.3). Requests share connections, as many on each as the
// app allows; each generation has its own.

import type { Destination } from "../admission.ts";
import type { Limits } from "../limits.ts";
import type { AppCall, AppSide, AppSink, Order } from "../standard/app-call.ts";
import { AppSession } from "./app-session.ts";
import { AppStream } from "./app-stream.ts";

/** Between two looks at the connections, ms. */
const LOOK_MS = 500;

export interface Http2SideParts {
  readonly limits: Limits;
  readonly now: () => number;
  readonly accepted: (generation: number) => void;
}

export class Http2Side implements AppSide {
  readonly #parts: Http2SideParts;
  readonly #generations = new Map<number, Set<AppSession>>();
  #looker: NodeJS.Timeout | undefined = undefined;

  constructor(parts: Http2SideParts) {
    this.#parts = parts;
  }

  /** Whether it may be sent twice makes no difference: what has idled is asked whether it still stands before it is used. */
  send(destination: Destination, order: Order, _once: boolean, sink: AppSink): AppCall {
    const stream = new AppStream(order, this.#parts.limits, sink);
    this.#place(destination, stream);
    return stream;
  }

  retire(generation: number): void {
    for (const session of this.#generations.get(generation) ?? []) session.retire();
  }

  destroy(): void {
    clearInterval(this.#looker);
    this.#looker = undefined;
    for (const sessions of this.#generations.values()) for (const session of sessions) session.destroy();
    this.#generations.clear();
  }

  /** On the newest connection that has room for it, so that those not needed grow old; else on a new one. */
  #place(destination: Destination, stream: AppStream): void {
    const sessions = this.#sessionsOf(destination.generation);
    for (const session of [...sessions].reverse()) if (session.take(stream)) return;
    const session: AppSession = new AppSession(destination, {
      ...this.#parts,
      closed: () => {
        sessions.delete(session);
        if (sessions.size === 0 && this.#generations.get(destination.generation) === sessions)
          this.#generations.delete(destination.generation);
      },
      placeAnew: (left) => this.#place(destination, left),
    });
    sessions.add(session);
    session.take(stream);
  }

  #sessionsOf(generation: number): Set<AppSession> {
    let sessions = this.#generations.get(generation);
    if (!sessions) {
      sessions = new Set();
      this.#generations.set(generation, sessions);
    }
    this.#looker ??= setInterval(() => this.#look(), LOOK_MS).unref();
    return sessions;
  }

  #look(): void {
    const now = this.#parts.now();
    for (const sessions of this.#generations.values()) for (const session of sessions) session.look(now);
  }
}
