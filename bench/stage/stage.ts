// Where a run takes place: apps that stand through it, proxies that come and go, and the load.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPortSource } from "../../loadtest/free-port.ts";
import type { App } from "../apps/app.ts";
import type { Peer, Protocol } from "../peers/peer.ts";
import type { Cores } from "./cores.ts";
import { cpuMicroseconds } from "./cpu-time.ts";
import { type Memory, memoryOf } from "./memory.ts";
import { createProcesses, type RunningProcess } from "./processes.ts";
import { accepts, answers, untilServing } from "./readiness.ts";

export interface RunningPeer {
  readonly port: number;
  readonly url: string;
  /** From the start of the process to the first connection that it accepted, ms. */
  readonly startMs: number;
  /** CPU time of all its processes until now, us; 0 where there is no proxy. */
  cpu(): number;
  /** Zeros where there is no proxy. */
  memory(): Memory;
  stop(): Promise<void>;
}

/** A program of load that goes on, and tells by lines of JSON how far it is. */
export interface RunningLoad {
  /** The next line, which must be of this event. Rejects with what went wrong when the program ends instead. */
  event(name: string): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

export interface Pace {
  /** Length of one measurement. */
  readonly seconds: number;
  /** CPU time of the proxy under load that does not count before it. */
  readonly warmUpSeconds: number;
  /** Requests per second where the rate is given. */
  readonly rate: number;
}

export interface Stage {
  readonly pace: Pace;
  /** For scripts and bodies of requests. */
  readonly directory: string;
  /** Port of the app, started when it is first asked for. */
  appPort(app: App): Promise<number>;
  /** Resolves once the proxy serves. Rejects with Ended if it ends instead. */
  startPeer(peer: Peer, app: App, protocol: Protocol): Promise<RunningPeer>;
  /** The app itself in the proxy's place. */
  direct(app: App): Promise<RunningPeer>;
  /** Runs a program of load to its end; resolves with what it wrote. */
  load(command: readonly string[]): Promise<string>;
  startLoad(program: URL, order: unknown): RunningLoad;
  /** Ends proxies and loads that are left, whatever happened; the apps stay. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 1;

export function createStage(options: {
  readonly pace: Pace;
  readonly cores: Cores;
  readonly openFiles: number;
  readonly bundle: string;
}): Stage {
  const { pace, cores, openFiles, bundle } = options;
  const processes = createProcesses(openFiles);
  const freePort = createPortSource();
  const directory = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const apps = new Map<string, Promise<number>>();
  const passing = new Set<RunningProcess>();
  let folders = 0;

  function folder(name: string): string {
    const path = join(directory, `${name}-${++folders}`);
    mkdirSync(path);
    return path;
  }

  function pass(one: RunningProcess): RunningProcess {
    passing.add(one);
    void one.exited.then(() => passing.delete(one));
    return one;
  }

  async function startApp(app: App): Promise<number> {
    const port = await freePort();
    const server = processes.start(cores.load, app.command(folder(app.name), port));
    await untilServing(server, `the app (${app.name})`, () => accepts(port), POLL_MS);
    return port;
  }

  function appPort(app: App): Promise<number> {
    const started = apps.get(app.name) ?? startApp(app);
    apps.set(app.name, started);
    return started;
  }

  async function startPeer(peer: Peer, app: App, protocol: Protocol): Promise<RunningPeer> {
    const [target, listen] = [await appPort(app), await freePort()];
    const place = { directory: folder(peer.name), protocol, listen, app: target, bundle, freePort };
    const command = await peer.command(place);
    const startedAt = performance.now();
    const server = pass(processes.start(cores.proxy, command));
    const acceptedAt = await untilServing(server, peer.title, () => accepts(listen), POLL_MS);
    // HTTP/2 has no client that is as quick to ask; its load begins with a warm-up.
    if (protocol === "h1") await untilServing(server, peer.title, () => answers(listen), POLL_MS);
    return {
      port: listen,
      url: `http://127.0.0.1:${listen}`,
      startMs: acceptedAt - startedAt,
      cpu: () => cpuMicroseconds(server.pid),
      memory: () => memoryOf(server.pid),
      stop: () => server.kill(),
    };
  }

  return {
    pace,
    directory,
    appPort,
    startPeer,
    async direct(app) {
      const port = await appPort(app);
      const stop = (): Promise<void> => Promise.resolve();
      const memory = (): Memory => ({ rss: 0, pss: 0 });
      return { port, url: `http://127.0.0.1:${port}`, startMs: 0, cpu: () => 0, memory, stop };
    },
    load: (command) => processes.run(cores.load, command),
    startLoad(program, order) {
      const lines: string[] = [];
      let heard = Promise.withResolvers<void>();
      const command = [process.execPath, program.pathname, JSON.stringify(order)];
      const onLine = (line: string): void => {
        lines.push(line);
        heard.resolve();
        heard = Promise.withResolvers();
      };
      const child = pass(processes.start(cores.load, command, onLine));
      return {
        async event(name) {
          while (lines.length === 0 && child.isRunning) await Promise.race([heard.promise, child.exited]);
          const line = lines.shift();
          if (line === undefined) throw new Error(`the load ended before ${name}: ${child.trouble}`);
          const { event, ...values } = JSON.parse(line) as { event: string } & Record<string, number>;
          if (event !== name) throw new Error(`the load says ${line} where ${name} was to come`);
          return values;
        },
        stop: () => child.kill(),
      };
    },
    async clear() {
      await Promise.all([...passing].map((one) => one.kill()));
    },
    async close() {
      await processes.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
