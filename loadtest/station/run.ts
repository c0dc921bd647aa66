// One run of the station: its clients and streams against one target, and their account in the end.

import { type Account, type FailedRequest, type SluiceAccount, settle } from "../account.ts";
import { openEventStream } from "../event-stream-client.ts";
import { firstGoodAfter, longestAround, percentile } from "../figures.ts";
import { type Entry, tally } from "../ledger.ts";
import type { Mix } from "../mix.ts";
import { createPattern } from "../pattern.ts";
import { requestIdOf } from "../question.ts";
import { createRandom } from "../random.ts";
import { createStrictClient, type StrictClient } from "../strict-client.ts";
import type { EventMark } from "../verdict.ts";
import { openWebSocket, type StreamClient, type StreamResult } from "../websocket-client.ts";
import type { Scribe } from "./scribe.ts";

export interface LoadOrder {
  /** Groups what is asked of it later, e.g. "kept" or "fresh". */
  readonly name: string;
  readonly mix: Mix;
  readonly connections: number;
  readonly rate: number;
  readonly keepAlive: boolean;
}

/** A time in which failures of one kind count apart: nobody promised to listen then. */
export interface ApartTime {
  /** By the station's clock, as its marks; ms. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

export interface SettleOrder {
  readonly sluices: readonly SluiceAccount[];
  readonly failed: readonly FailedRequest[];
  readonly excuses: boolean;
  readonly died: readonly number[];
  readonly apart: readonly ApartTime[];
}

export interface LoadSummary {
  readonly name: string;
  readonly begun: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  /** How its connections ended. */
  readonly ends: Readonly<Record<string, number>>;
  readonly connections: number;
}

export interface Around {
  readonly what: string;
  readonly inFlight: number;
  readonly longestMs: number;
  readonly firstGoodMs: number;
}

export interface Report {
  readonly account: Account;
  readonly marks: readonly EventMark[];
  readonly around: readonly Around[];
  readonly loads: readonly LoadSummary[];
  readonly streams: readonly StreamResult[];
  readonly p99Ms: number;
  /** First and last failure, by the station's clock, ms. */
  readonly failedFrom: number | undefined;
  readonly failedTo: number | undefined;
}

export interface Run {
  load(order: LoadOrder): void;
  stream(kind: "websocket" | "event-stream"): void;
  mark(what: string): EventMark;
  /** How it stands now. */
  counts(): {
    begun: number;
    verified: number;
    failed: number;
    inFlight: number;
    streams: number;
    versions: readonly string[];
  };
  /** Stops the clients, those of one name first and alone if one is given. */
  stop(name?: string): Promise<void>;
  /** How the streams have ended so far. */
  streamResults(): readonly StreamResult[];
  settle(order: SettleOrder): Promise<Report>;
}

const ANSWER_TIMEOUT_MS = 45_000;
const SCRIBE_MS = 3_000;
/** How long after an event what is slow may be its doing, ms. */
const AFTER_MS = 20_000;

export function openRun(
  name: string,
  target: { readonly host: string; readonly port: number },
  scribe: Scribe,
): Run {
  const clients: { name: string; client: StrictClient }[] = [];
  const streams: StreamClient[] = [];
  const results: StreamResult[] = [];
  const marks: EventMark[] = [];
  const pattern = createPattern();
  const random = createRandom([...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
  let numbers = 0;

  const entriesOf = (): Entry[] => clients.flatMap(({ client }) => client.entries);
  const inFlight = () => clients.reduce((sum, { client }) => sum + client.inFlight, 0);

  async function stop(which?: string): Promise<void> {
    const chosen = clients.filter((each) => which === undefined || each.name === which);
    await Promise.all(chosen.map(({ client }) => client.stop()));
    if (which !== undefined) return;
    for (const stream of streams) stream.close();
    await Promise.all(streams.map((stream) => stream.ended));
  }

  /** Answers and records come over different connections: the record may be some moments behind. */
  async function awaitScribe(entries: readonly Entry[]): Promise<void> {
    const verified = entries.filter(({ failure }) => failure === undefined);
    for (const limit = performance.now() + SCRIBE_MS; performance.now() < limit; ) {
      const known = new Set(scribe.executionsOf(name).map(({ number }) => number));
      if (verified.every(({ number }) => known.has(number))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function summarise(loadName: string): LoadSummary {
    const own = clients.filter((each) => each.name === loadName).map(({ client }) => client);
    const entries = own.flatMap((client) => client.entries);
    const ends = own.flatMap((client) => client.ends);
    const lost = entries.filter(({ failure }) => failure !== undefined);
    return {
      name: loadName,
      begun: entries.length,
      failed: lost.length,
      failures: Object.fromEntries(tally(lost, ({ failure }) => failure ?? "")),
      ends: Object.fromEntries(tally(ends, ({ end }) => end)),
      connections: ends.length,
    };
  }

  return {
    load(order) {
      const client = createStrictClient({
        ...target,
        ...order,
        run: name,
        nextNumber: () => ++numbers,
        random,
        pattern,
        check: "app",
        answerTimeoutMs: ANSWER_TIMEOUT_MS,
      });
      clients.push({ name: order.name, client });
      client.start();
    },
    stream(kind) {
      const open = kind === "websocket" ? openWebSocket : openEventStream;
      const requestId = requestIdOf(`${name}s`, streams.length + 1);
      const stream = open({ ...target, requestId, everyMs: 50 });
      streams.push(stream);
      stream.ended.then((result) => results.push(result));
    },
    mark(what) {
      const mark = { what, at: performance.now(), inFlight: inFlight() };
      marks.push(mark);
      return mark;
    },
    counts() {
      const entries = entriesOf();
      const failed = entries.filter(({ failure }) => failure !== undefined).length;
      const versions = [...new Set(entries.slice(-50).map(({ version }) => version ?? "?"))];
      return {
        begun: numbers,
        verified: entries.length - failed,
        failed,
        inFlight: inFlight(),
        streams: streams.filter(({ isOpen }) => isOpen).length,
        versions,
      };
    },
    stop,
    streamResults: () => results,
    async settle(order) {
      await stop();
      const entries = entriesOf();
      await awaitScribe(entries);
      const account = settle({
        run: name,
        entries,
        executions: scribe.executionsOf(name),
        others: streams.length,
        sluices: order.sluices,
        hasBackground: false,
        failed: order.failed,
        excuses: order.excuses,
        died: new Set(order.died),
        wasReset: false,
        apart: (entry) => apartFrom(entry, order.apart),
      });
      const lost = entries.filter(({ failure }) => failure !== undefined).map(({ doneAt }) => doneAt);
      const good = entries.filter(({ failure, slow }) => failure === undefined && !slow);
      return {
        account,
        marks,
        around: marks.map(({ what, at, inFlight: under }) => ({
          what,
          inFlight: under,
          longestMs: longestAround(good, at, AFTER_MS),
          firstGoodMs: firstGoodAfter(entries, at),
        })),
        loads: [...new Set(clients.map((each) => each.name))].map(summarise),
        streams: results,
        p99Ms: percentile(
          good.map(({ sentAt, doneAt }) => doneAt - sentAt),
          0.99,
        ),
        failedFrom: lost.length > 0 ? Math.min(...lost) : undefined,
        failedTo: lost.length > 0 ? Math.max(...lost) : undefined,
      };
    },
  };
}

/** Only what nobody has heard can be nobody's promise: a connection that never stood. */
function apartFrom(entry: Entry, times: readonly ApartTime[]): string | undefined {
  if (entry.failure !== "refused" && entry.failure !== "not connected") return undefined;
  return times.find(({ from, to }) => entry.doneAt >= from && entry.sentAt <= to)?.why;
}
