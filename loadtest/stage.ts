// The stage of one run: a sluice, its apps, clients and relays, all of them real, and in the end the evidence of what
// they did. Whatever was started here ends with `close`.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, settle } from "./account.ts";
import { type AppProcess, startApp } from "./app-process.ts";
import { openEventStream } from "./event-stream-client.ts";
import { createPortSource } from "./free-port.ts";
import type { Entry } from "./ledger.ts";
import { type Load, startLoad } from "./load.ts";
import { createPattern } from "./pattern.ts";
import { requestIdOf } from "./question.ts";
import { createRandom } from "./random.ts";
import { readRecord } from "./record-file.ts";
import { type Faults, openRelay, type Relay } from "./relay.ts";
import { type SlowHeadResult, sendSlowHead } from "./slow-head.ts";
import { collectAccounts, failedRequests } from "./sluice-evidence.ts";
import { type SluiceOptions, type SluicePorts, type SluiceProcess, startSluice } from "./sluice-process.ts";
import { createStrictClient, type LoadOptions, type StrictClient } from "./strict-client.ts";
import type { Happening } from "./timeline.ts";
import type { EventMark } from "./verdict.ts";
import { openWebSocket, type StreamClient } from "./websocket-client.ts";

export type SlotName = "a" | "b";

export interface App extends AppProcess {
  /** As sluice numbered it; 0 without a handshake. */
  readonly generation: number;
}

export interface Stage {
  readonly directory: string;
  readonly marks: readonly EventMark[];
  readonly clients: readonly StrictClient[];
  readonly relays: readonly Relay[];
  /** What all sluices of the run told. */
  readonly happenings: readonly Happening[];
  /** The sluice that runs now. */
  readonly sluice: SluiceProcess;
  /** Starts sluice with the slots; the second time it is a restart on the same ports. */
  startSluice(slots: readonly SlotName[], flags: readonly string[]): Promise<SluiceProcess>;
  /** Starts an app; resolves once sluice has accepted it, or it listens where there is no sluice. */
  startApp(slot: SlotName, version: string, flags?: readonly string[]): Promise<App>;
  /** Starts an app without waiting for it. */
  launchApp(slot: SlotName, version: string, flags?: readonly string[]): Promise<AppProcess>;
  /** A client that has been started, against sluice or, `direct`, against the app's own port in slot a. */
  load(
    options: Pick<LoadOptions, "mix" | "connections" | "rate"> & Partial<LoadOptions> & { direct?: boolean },
  ): Promise<StrictClient>;
  openStream(kind: "websocket" | "event-stream"): StreamClient;
  /** A head that never ends, a byte every `everyMs`. */
  sendSlowHead(everyMs: number, limitMs: number): Promise<SlowHeadResult>;
  /** Notes that something is done now, and how many requests are in flight, open streams among them. */
  mark(what: string): EventMark;
  /** Marks, and sends the signal. */
  kill(app: AppProcess, signal: NodeJS.Signals): EventMark;
  /** Refused connections between the two moments count apart: nobody is promised to listen. */
  excuseRefused(from: number, to: number, why: string): void;
  /** Stops the clients and settles the accounts. */
  settle(): Promise<Account>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly seed: number;
  readonly engine: SluiceOptions["engine"];
  /** Faults between sluice and the apps; undefined: no relay. */
  readonly faults: Faults | undefined;
  readonly excuses: boolean;
  /** Requests per second of additional load by autocannon; 0: none. */
  readonly background: number;
  readonly answerTimeoutMs: number;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-loadtest-"));
  const freePort = createPortSource();
  const random = createRandom(options.seed);
  const pattern = createPattern();
  const run = `${options.seed.toString(36)}${process.pid.toString(36)}`;
  const ports: SluicePorts = { listen: await freePort(), ops: await freePort(), control: await freePort() };
  const appPorts: Record<SlotName, number> = { a: await freePort(), b: await freePort() };
  const slotPorts = { ...appPorts };
  const relays: Relay[] = [];
  const sluices: SluiceProcess[] = [];
  const apps: AppProcess[] = [];
  const clients: StrictClient[] = [];
  const streams: StreamClient[] = [];
  const marks: EventMark[] = [];
  const died = new Set<number>();
  const quietTimes: { from: number; to: number; why: string }[] = [];
  let numbers = 0;
  let slowHeads = 0;
  let background: Load | undefined;

  if (options.faults) {
    for (const slot of ["a", "b"] as const) {
      const relay = await openRelay({ port: 0, target: appPorts[slot], faults: options.faults, random });
      relays.push(relay);
      slotPorts[slot] = relay.port;
    }
  }

  const current = (): SluiceProcess => {
    const sluice = sluices.at(-1);
    if (!sluice) throw new Error("no sluice was started");
    return sluice;
  };

  const inFlight = () =>
    clients.reduce((sum, client) => sum + client.inFlight, streams.filter(({ isOpen }) => isOpen).length);

  function mark(what: string): EventMark {
    const made = { what, at: performance.now(), inFlight: inFlight() };
    marks.push(made);
    return made;
  }

  function launch(slot: SlotName, version: string, flags: readonly string[]): AppProcess {
    const control = sluices.length > 0 ? `127.0.0.1:${ports.control}` : undefined;
    const seed = ["--seed", `${options.seed + apps.length}`];
    const app = startApp(
      { directory, port: appPorts[slot], slot, version, control, flags: [...seed, ...flags] },
      apps.length + 1,
    );
    apps.push(app);
    return app;
  }

  function apart(entry: Entry): string | undefined {
    const neverHeard = entry.failure === "refused" || entry.failure === "not connected";
    // A connection that still waited in the listener's queue as it closed gets RST: nobody has ever read it.
    const wasQueued = entry.failure === "reset unanswered" && !entry.reused;
    if (!neverHeard && !wasQueued) return undefined;
    return quietTimes.find(({ from, to }) => entry.doneAt >= from && entry.sentAt <= to)?.why;
  }

  return {
    directory,
    marks,
    clients,
    relays,
    get happenings() {
      return sluices.flatMap(({ timeline }) => timeline.happenings);
    },
    get sluice() {
      return current();
    },
    async startSluice(slots, flags) {
      const addresses = slots.map((slot) => `${slot}=127.0.0.1:${slotPorts[slot]}`).join(",");
      const sluice = await startSluice({
        ports,
        slots: addresses,
        engine: options.engine,
        flags: ["--control", `${join(directory, "control.sock")},127.0.0.1:${ports.control}`, ...flags],
      });
      sluices.push(sluice);
      if (options.background > 0 && sluices.length === 1) {
        const url = `http://127.0.0.1:${ports.listen}/background`;
        background = startLoad({ url, connections: 8, rate: options.background, seconds: 3_600 });
      }
      return sluice;
    },
    launchApp: async (slot, version, flags = []) => launch(slot, version, flags),
    async startApp(slot, version, flags = []) {
      const app = launch(slot, version, flags);
      await app.ready;
      if (sluices.length === 0) return { ...app, generation: 0 };
      const status = await current().status();
      const generation = status.slots.find(({ name }) => name === slot)?.generation ?? 0;
      app.child.exited.then(() => died.add(generation));
      return { ...app, generation };
    },
    async load({ direct = false, ...more }) {
      const port = direct ? appPorts.a : ports.listen;
      const client = createStrictClient({
        host: "127.0.0.1",
        port,
        run,
        nextNumber: () => ++numbers,
        random,
        pattern,
        check: "app",
        keepAlive: true,
        answerTimeoutMs: options.answerTimeoutMs,
        ...more,
      });
      clients.push(client);
      client.start();
      return client;
    },
    openStream(kind) {
      const open = kind === "websocket" ? openWebSocket : openEventStream;
      const stream = open({
        host: "127.0.0.1",
        port: ports.listen,
        requestId: requestIdOf(`${run}s`, streams.length + 1),
        everyMs: 20,
      });
      streams.push(stream);
      return stream;
    },
    sendSlowHead(everyMs, limitMs) {
      slowHeads++;
      return sendSlowHead({ host: "127.0.0.1", port: ports.listen }, everyMs, limitMs);
    },
    mark,
    kill(app, signal) {
      const made = mark(`${signal} to ${app.version} in slot ${app.slot}`);
      app.child.kill(signal);
      return made;
    },
    excuseRefused(from, to, why) {
      quietTimes.push({ from, to, why });
    },
    async settle() {
      await Promise.all([background?.stop(), ...clients.map((client) => client.stop())]);
      for (const stream of streams) stream.close();
      await Promise.all(streams.map((stream) => stream.ended));
      const { accounts, problems } = await collectAccounts(sluices);
      const account = settle({
        run,
        entries: clients.flatMap((client) => client.entries),
        executions: apps.flatMap((app) => readRecord(app.record)),
        others: streams.length + slowHeads,
        sluices: accounts,
        hasBackground: background !== undefined,
        failed: sluices.flatMap(failedRequests),
        excuses: options.excuses,
        died,
        wasReset: relays.some((relay) => relay.counts().resets > 0),
        apart,
      });
      return { ...account, disagreements: [...problems, ...account.disagreements] };
    },
    async close() {
      const children = [...sluices.map(({ child }) => child), ...apps.map(({ child }) => child)];
      for (const { timeline } of sluices) timeline.close();
      for (const child of children) child.kill("SIGKILL");
      await Promise.all([
        ...clients.map((client) => client.stop()),
        ...children.map((child) => child.exited),
      ]);
      await Promise.all(relays.map((relay) => relay.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
