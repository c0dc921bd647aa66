// The flow of requests as a series of samples: one a second, and one at each border of a phase (a switch, a drain's end, a
// stop), so that what an upgrade did to requests can be told afterwards. A request costs a few additions here; everything
// else happens when a sample is taken.

import type { FlowSample, TimelineEvent } from "../api/backend.ts";
import type { Account, Ending } from "../drain/tickets.ts";
import type { RequestRecord } from "../proxy/record.ts";
import type { EventType } from "./event-types.ts";
import { createKeptSamples } from "./kept-samples.ts";
import { bucketOf, LATENCY_BUCKETS, sparse } from "./latency-buckets.ts";

export interface FlowParts {
  /** Monotonic, ms since sluice's start. */
  readonly now: () => number;
  readonly wallClock: () => Date;
  readonly account: () => Account;
  readonly hold: () => { readonly held: number; readonly total: number };
  readonly replays: () => number;
  readonly inFlight: (generation: number) => number;
}

export interface Flow {
  /** Counts an ended request; in the turn of the event loop in which its ticket leaves. */
  ended(record: RequestRecord): void;
  /** Takes a sample at the border of a phase. */
  event(event: TimelineEvent): void;
  /** Takes a sample now and each second from now on, until the process ends or `stop` is called. */
  start(): void;
  stop(): void;
  /** The sample in the making: what happened since the last one was taken. */
  now(): FlowSample;
  /**
   * Calls `onSample` with each kept sample whose id is above `since`, then with each new one; a `since` that was never
   * reached counts as 0. A subscriber that throws is dropped. Returns the way to end it.
   */
  subscribe(since: number, onSample: (sample: FlowSample) => unknown): () => void;
}

const SAMPLE_EVERY_MS = 1_000;
/** Samples without a request. */
const FORGOTTEN_AFTER = 60;

/** Where a phase of a start, an upgrade or a stop begins or ends. */
export const BORDERS: ReadonlySet<EventType> = new Set([
  "handshake",
  "lifeline_lost",
  "ready",
  "switch",
  "hold_began",
  "hold_ended",
  "drain_began",
  "drain_ended",
  "drain_deadline",
  "stopping",
  "hook_asked",
  "hook_answered",
  "pod_leaving",
  "last_call",
  "pod_deadline",
  "pod_drained",
  "pod_serving_again",
  "exit",
]);

interface Cell {
  readonly slot: string;
  readonly version: string | undefined;
  readonly latency: Uint32Array;
  answered: number;
  failed: number;
  /** Samples since its last request. */
  idle: number;
}

export function createFlow(parts: FlowParts): Flow {
  const { now, wallClock, account, hold, replays, inFlight } = parts;
  const cells = new Map<number, Cell>();
  const listeners = new Set<(sample: FlowSample) => unknown>();
  const kept = createKeptSamples();
  let lastId = 0;
  let lastAt = now();
  let last = { account: account(), held: hold().total, replays: replays() };
  let longestHoldMs = 0;
  let timer: NodeJS.Timeout | undefined;

  function cellOf(record: RequestRecord): Cell {
    let cell = cells.get(record.generation);
    if (!cell) {
      const latency = new Uint32Array(LATENCY_BUCKETS);
      cell = { slot: record.slot ?? "", version: record.version, latency, answered: 0, failed: 0, idle: 0 };
      cells.set(record.generation, cell);
    }
    return cell;
  }

  function slots(): FlowSample["slots"] {
    const all: FlowSample["slots"][number][] = [];
    for (const [generation, { slot, version, answered, failed, latency }] of cells) {
      const flying = inFlight(generation);
      if (answered + failed + flying === 0) continue;
      all.push({ slot, generation, version, inFlight: flying, answered, failed, latency: sparse(latency) });
    }
    return all;
  }

  function beginAnew(): void {
    for (const [generation, cell] of cells) {
      const isIdle = cell.answered + cell.failed + inFlight(generation) === 0;
      cell.idle = isIdle ? cell.idle + 1 : 0;
      // A generation that has been silent for long is over, or will come back with its next request.
      if (cell.idle > FORGOTTEN_AFTER) cells.delete(generation);
      cell.latency.fill(0);
      cell.answered = 0;
      cell.failed = 0;
    }
    longestHoldMs = 0;
  }

  /** Whoever throws gets no more; what it was about goes on. */
  function hand(listener: (sample: FlowSample) => unknown, sample: FlowSample): void {
    try {
      listener(sample);
    } catch {
      listeners.delete(listener);
    }
  }

  /** What would be the next sample, if it were taken now. */
  function look(at: number, event: number | undefined): FlowSample {
    const present = account();
    const ended: Record<Ending, number> = { ...present.ended };
    for (const ending of Object.keys(ended) as Ending[]) ended[ending] -= last.account.ended[ending];
    const holds = hold();
    return Object.freeze({
      id: lastId + 1,
      time: wallClock().toISOString(),
      monotonicMs: Math.round(at * 1_000) / 1_000,
      spanMs: Math.round((at - lastAt) * 1_000) / 1_000,
      event,
      accepted: present.accepted - last.account.accepted,
      ended,
      inFlight: present.inFlight,
      held: holds.held,
      holds: holds.total - last.held,
      longestHoldMs: Math.round(longestHoldMs),
      replayed: replays() - last.replays,
      slots: slots(),
    });
  }

  function take(at: number, event: number | undefined): void {
    const sample = look(at, event);
    lastId = sample.id;
    lastAt = at;
    last = { account: account(), held: hold().total, replays: replays() };
    beginAnew();
    kept.add(sample);
    for (const listener of [...listeners]) hand(listener, sample);
  }

  function tick(): void {
    take(now(), undefined);
  }

  return {
    ended(record) {
      if (record.heldMs > longestHoldMs) longestHoldMs = record.heldMs;
      if (record.generation === 0) return;
      const cell = cellOf(record);
      if (record.ending === "answered") cell.answered++;
      else if (record.ending !== "client_aborted") cell.failed++;
      if (record.firstByteMs !== undefined) cell.latency[bucketOf(record.firstByteMs)]!++;
    },
    event({ type, id, monotonicMs }) {
      if (BORDERS.has(type as EventType)) take(Math.max(monotonicMs, lastAt), id);
    },
    start() {
      if (timer) return;
      tick();
      timer = setInterval(tick, SAMPLE_EVERY_MS).unref();
    },
    stop() {
      clearInterval(timer);
    },
    now: () => look(now(), undefined),
    subscribe(since, onSample) {
      for (const sample of kept.after(since > lastId ? 0 : since)) hand(onSample, sample);
      listeners.add(onSample);
      return () => void listeners.delete(onSample);
    },
  };
}
