// The standard engine: node:http in front, undici to the app, http-proxy-3 for WebSocket upgrades. What the vendors cannot
// do is done around them; each place says what and why.

import type { Engine, EngineParts } from "../engine.ts";
import { endStreamsOf } from "../stream-ends.ts";
import { WindDown } from "../wind-down.ts";
import type { AppSide } from "./app-call.ts";
import type { Exchange } from "./exchange.ts";
import { Front } from "./front.ts";
import type { House } from "./house.ts";
import { Http1Side } from "./http1-side.ts";

/** How long who had just connected when the listener closed may take to ask, ms. */
const LATE_QUESTION_MS = 200;

/** The most that is read from the app at a time; libuv's own measure. */
const READ_BYTES = 64 * 1024;

/** `side`: how requests reach the app; by default over HTTP/1.1. WebSockets always do. The engine destroys it at its end. */
export function createStandardEngine(parts: EngineParts, side?: AppSide): Engine {
  const { limits, now, observer } = parts;
  const { connectTimeoutMs } = limits;
  const connecting = { connectTimeoutMs, readBuffer: Buffer.allocUnsafeSlow(READ_BYTES) };
  const app = side ?? new Http1Side({ limits, connecting, now, accepted: observer.accepted });
  const active = new Set<Exchange>();
  const windDown = new WindDown(now);
  const house: House = { parts, app, connecting, windDown, active };
  const front = new Front(house);
  let idleCloser: NodeJS.Timeout | undefined;
  let closed: Promise<void> | undefined;

  function beginWindDown(overMs: number): void {
    clearTimeout(idleCloser);
    const leftMs = windDown.begin(overMs);
    if (leftMs === 0) front.closeIdle(false);
    else idleCloser = setTimeout(() => front.closeIdle(false), leftMs);
  }

  function cutAll(): number {
    let count = 0;
    // The newest first: else the end of one request would start the next one of its connection.
    for (const exchange of [...active].reverse()) {
      try {
        if (exchange.cut()) count++;
      } catch (error) {
        // The others must not outlive the deadline for it.
        observer.trouble(error instanceof Error ? error : new Error(String(error)), "a request was not cut");
      }
    }
    return count;
  }

  return {
    listen: () => front.listen(),
    windDown: beginWindDown,
    windUp() {
      clearTimeout(idleCloser);
      windDown.end();
    },
    endStreams: (generation, code) =>
      endStreamsOf(active, (exchange) => exchange.endStream(generation, code)),
    cut: cutAll,
    retire: (generation) => app.retire(generation),
    get connections() {
      return front.open;
    },
    close() {
      if (!closed) {
        closed = front.close().then(() => {
          clearTimeout(idleCloser);
          app.destroy();
        });
        clearTimeout(idleCloser);
        windDown.begin(0);
        front.closeIdle(false);
        idleCloser = setTimeout(() => front.closeIdle(true), LATE_QUESTION_MS);
      }
      return closed;
    },
    destroy() {
      closed ??= front.close();
      clearTimeout(idleCloser);
      cutAll();
      front.destroy();
      app.destroy();
    },
  };
}
