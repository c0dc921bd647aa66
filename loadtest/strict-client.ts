// The strict client: a paced load of numbered requests over connections of its own. It retries nothing, so that what
// it does not get is lost, and says so by number.

import type { EndRecord, Entry } from "./ledger.ts";
import { drawWish, type Mix } from "./mix.ts";
import type { Pattern } from "./pattern.ts";
import { type Check, createQuestion, fieldOf, findWrong } from "./question.ts";
import { type Outcome, openConnection, type StrictConnection } from "./strict-connection.ts";

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  /** Marks this run's requests among others: X-Request-Id is lt-<run>-<number>. */
  readonly run: string;
  /** The next number; one counter for all clients of a run. */
  readonly nextNumber: () => number;
  readonly random: () => number;
  readonly pattern: Pattern;
  readonly mix: Mix;
  readonly check: Check;
  readonly connections: number;
  /** Requests per second over all connections, as long as answers come; a connection that waits sends nothing. */
  readonly rate: number;
  /** false: each request has a connection of its own. */
  readonly keepAlive: boolean;
  /** Most requests in flight on one connection. */
  readonly pipelining?: number;
  /** After this long without its whole answer a request counts as timed out, ms. */
  readonly answerTimeoutMs: number;
  /** A fixed target instead of the recording app's. */
  readonly path?: string;
}

export interface StrictClient {
  readonly entries: readonly Entry[];
  readonly ends: readonly EndRecord[];
  /** Requests without an answer so far. */
  readonly inFlight: number;
  start(): void;
  /** Sends no more, waits for what is in flight (bounded by the time-out), closes. Joinable. */
  stop(): Promise<void>;
}

/** From so long after its time a request is one of a process that could not run. */
const LATE_MS = 20;

interface Lane {
  connection: StrictConnection | undefined;
  dueAt: number;
  timer: NodeJS.Timeout | undefined;
  blocked: boolean;
  asked: number;
}

export function createStrictClient(options: LoadOptions): StrictClient {
  const { pattern, check, keepAlive } = options;
  const depth = options.pipelining ?? 1;
  const host = `${options.host}:${options.port}`;
  const period = (1000 * options.connections) / options.rate;
  const entries: Entry[] = [];
  const ends: EndRecord[] = [];
  const open = new Set<StrictConnection>();
  const lanes: Lane[] = [];
  let inFlight = 0;
  let stopping: Promise<void> | undefined;
  let onQuiet: (() => void) | undefined;
  let sweep: NodeJS.Timeout | undefined;

  function record(outcome: Outcome, reused: boolean): void {
    const { question, answer } = outcome;
    const wrong = answer && findWrong(question, answer, check, pattern);
    inFlight--;
    entries.push({
      number: question.number,
      method: question.wish.method,
      sentAt: outcome.sentAt,
      doneAt: outcome.doneAt,
      written: outcome.written,
      failure: outcome.loss ?? wrong?.kind,
      detail: wrong?.detail ?? outcome.detail,
      status: answer?.head.status ?? 0,
      version: answer && fieldOf(answer.head.fields, "x-version"),
      reused,
      slow: question.wish.thinkMs > 0,
    });
    if (inFlight === 0) onQuiet?.();
  }

  function openFor(lane: Lane): StrictConnection {
    const connection = openConnection(options, (end, detail, lastNumber) => {
      const at = performance.now();
      open.delete(connection);
      ends.push({ end, at, detail, lastNumber });
      // The answer before was right, and yet the exchange was not: it counts as a failure of its own.
      if (end === "unasked bytes" && lastNumber !== undefined) {
        const entry = entries.findLast((each) => each.number === lastNumber);
        if (entry) entries[entries.indexOf(entry)] = { ...entry, failure: "unasked bytes", detail };
      }
      if (lane.connection === connection) lane.connection = undefined;
    });
    open.add(connection);
    lane.connection = connection;
    lane.asked = 0;
    return connection;
  }

  function send(lane: Lane): void {
    const connection = keepAlive && lane.connection?.usable ? lane.connection : openFor(lane);
    const reused = lane.asked++ > 0;
    const number = options.nextNumber();
    const path = options.path === undefined ? {} : { path: options.path };
    const wish = drawWish(options.random, options.mix);
    const question = createQuestion(
      { number, run: options.run, host, closes: !keepAlive, ...path },
      wish,
      pattern,
    );
    inFlight++;
    connection.ask(question, (outcome) => {
      record(outcome, reused);
      if (!lane.blocked) return;
      lane.blocked = false;
      setImmediate(tick, lane);
    });
  }

  function tick(lane: Lane, hasRead = false): void {
    if (stopping) return;
    const now = performance.now();
    if (now < lane.dueAt - 0.5) {
      lane.timer = setTimeout(tick, lane.dueAt - now, lane);
      return;
    }
    const occupied = keepAlive ? (lane.connection?.inFlight ?? 0) : 0;
    if (occupied >= depth) {
      lane.blocked = true;
      return;
    }
    // Timers come before sockets in the turn of the event loop: a process that could not run for a while would ask on
    // connections that its peer has closed meanwhile. Who runs always has read that.
    if (!hasRead && now - lane.dueAt > LATE_MS) {
      setImmediate(tick, lane, true);
      return;
    }
    send(lane);
    // No catching up: a client that was kept waiting goes on at its pace.
    lane.dueAt = Math.max(lane.dueAt + period, now);
    lane.timer = setTimeout(tick, lane.dueAt - now, lane);
  }

  function giveUpOld(): void {
    const limit = performance.now() - options.answerTimeoutMs;
    for (const connection of [...open]) {
      if ((connection.oldestSentAt ?? Number.POSITIVE_INFINITY) < limit) connection.giveUp();
    }
  }

  return {
    entries,
    ends,
    get inFlight() {
      return inFlight;
    },
    start() {
      const now = performance.now();
      sweep = setInterval(giveUpOld, 250);
      for (let index = 0; index < options.connections; index++) {
        const lane = {
          connection: undefined,
          dueAt: now + (index * period) / options.connections,
          timer: undefined,
          blocked: false,
          asked: 0,
        };
        lanes.push(lane);
        tick(lane);
      }
    },
    stop() {
      stopping ??= (async () => {
        for (const lane of lanes) clearTimeout(lane.timer);
        if (inFlight > 0) await new Promise<void>((resolve) => (onQuiet = resolve));
        // A doubled answer may still be on its way: it must not be missed because we left first.
        await new Promise((resolve) => setTimeout(resolve, 20));
        clearInterval(sweep);
        for (const connection of [...open]) connection.close();
      })();
      return stopping;
    },
  };
}
