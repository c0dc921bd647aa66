// The wire engine: HTTP/1.1 read off the sockets by sluice itself. It accepts what RFC 9112 allows without interpretation and
// refuses the rest; bodies pass untouched.
//
// The rules of the hot path, which hold in this folder and nowhere else:
// - Bytes, not strings: a head is read in one pass by tables. Text is made of what is needed as text, and of the head that goes
//   out, which is the head that came with lines left out and ours added.
// - What is rare (odd Connection options, upgrades, trailers, HTTP/1.0) is handed to the rules over text in ../headers, so that there is
//   one source of every rule; tests compare the two ways.
// - One write for each direction and message where it fits: head and body go out together.
// - No timers, promises, streams or closures on the path of a request that needs none: alarms are linked into lists (alarm-clock.ts),
//   scans and heads are objects of the engine, used by one synchronous read after the other (house.ts).
// - All connections of a side are read into one buffer (shared-read.ts). What must outlive the read is copied out, or read into a
//   buffer of the connection's own while an answer is large (read-buffers.ts).
// - Reading stops while what was read cannot be written, in both directions.
// - A request is an Exchange; whatever becomes of it, `Exchange.#end` is its one end.

import type { Engine, EngineParts } from "../engine.ts";
import { endStreamsOf } from "../stream-ends.ts";
import { WindDown } from "../wind-down.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { AnswerHead } from "./answer-head.ts";
import { AnswerScan } from "./answer-scan.ts";
import { AppPool } from "./app-pool.ts";
import { DateLine } from "./date-line.ts";
import { type House, waitsOf } from "./house.ts";
import { Listener } from "./listener.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { RequestHead } from "./request-head.ts";
import { RequestScan } from "./request-scan.ts";
import { SharedRead } from "./shared-read.ts";
import { WriteBuffer } from "./write-buffer.ts";

/** How long who had just connected when the listener closed may take to ask, ms. */
const LATE_QUESTION_MS = 200;
/** The clock's tick: a fraction of the shortest wait, within bounds, ms. */
const TICK_SHARE = 8;
const LEAST_TICK_MS = 5;
const MOST_TICK_MS = 250;

export function createWireEngine(parts: EngineParts): Engine {
  const { limits, observer } = parts;
  const onDefect = (error: unknown, what: string) =>
    observer.trouble(error instanceof Error ? error : new Error(String(error)), what);
  const clock = new AlarmClock(tickOf(parts), (error) => onDefect(error, "a time-out was not served"));
  const windDown = new WindDown(parts.now);
  const buffers = new ReadBuffers();
  const requestHead = new RequestHead(new RequestScan(limits));
  const house: House = {
    parts,
    pool: new AppPool(() => house),
    windDown,
    waits: waitsOf(clock, parts),
    requestHead,
    intake: {
      requestHead,
      leastLimit: Math.min(limits.maxHeadBytes, limits.maxTargetBytes),
      takesPreface: parts.onPreface !== undefined,
    },
    answerHead: new AnswerHead(new AnswerScan(limits)),
    buffers,
    reads: new SharedRead(buffers.clients),
    writes: new WriteBuffer(),
    date: new DateLine(),
  };
  const listener = new Listener(house);
  let idleCloser: NodeJS.Timeout | undefined;
  let closed: Promise<void> | undefined;

  function beginWindDown(overMs: number): void {
    clearTimeout(idleCloser);
    const leftMs = windDown.begin(overMs);
    if (leftMs === 0) listener.closeIdle(false);
    else idleCloser = setTimeout(() => listener.closeIdle(false), leftMs);
  }

  function cutAll(): number {
    let count = 0;
    // Of a connection the last first: else the end of one request would start the next one.
    for (const connection of listener.connections) {
      for (const exchange of connection.turns.all) {
        try {
          if (exchange.cut()) count++;
        } catch (error) {
          // The others must not outlive the deadline for it.
          onDefect(error, "a request was not cut");
        }
      }
    }
    return count;
  }

  return {
    listen: () => listener.listen(),
    windDown: beginWindDown,
    windUp() {
      clearTimeout(idleCloser);
      windDown.end();
    },
    endStreams: (generation, code) =>
      endStreamsOf(listener.connections, (connection) => connection.endStream(generation, code)),
    cut: cutAll,
    retire: (generation) => house.pool.retire(generation),
    get connections() {
      return listener.connections.size;
    },
    close() {
      if (!closed) {
        closed = listener.close().then(() => {
          clearTimeout(idleCloser);
          house.pool.destroy();
        });
        clearTimeout(idleCloser);
        windDown.begin(0);
        listener.closeIdle(false);
        idleCloser = setTimeout(() => listener.closeIdle(true), LATE_QUESTION_MS);
      }
      return closed;
    },
    destroy() {
      closed ??= listener.close();
      clearTimeout(idleCloser);
      cutAll();
      listener.destroy();
      house.pool.destroy();
    },
  };
}

function tickOf({ limits }: EngineParts): number {
  const { headTimeoutMs, bodyTimeoutMs, connectTimeoutMs, responseTimeoutMs, clientIdleMs } = limits;
  const shortest = Math.min(headTimeoutMs, bodyTimeoutMs, connectTimeoutMs, responseTimeoutMs, clientIdleMs);
  return Math.min(MOST_TICK_MS, Math.max(LEAST_TICK_MS, Math.floor(shortest / TICK_SHARE)));
}
