// An engine with everything around it that a test needs: real sockets, a real admission and real tickets.

import { createTickets, type Tickets } from "../../drain/tickets.ts";
import { type Admission, createAdmission, type Destination, type Route } from "../admission.ts";
import type { Engine, EngineObserver, EngineParts } from "../engine.ts";
import type { Limits } from "../limits.ts";
import type { RequestRecord } from "../record.ts";
import { type AppBehaviour, RawApp } from "./raw-app.ts";
import { RawClient } from "./raw-client.ts";

export type CreateEngine = (parts: EngineParts) => Engine;

/** Large enough not to matter to a test that is not about them. */
export const LIMITS: Limits = {
  maxHeadBytes: 16 * 1024,
  maxTargetBytes: 8 * 1024,
  maxFields: 100,
  maxConnections: 10_000,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  responseTimeoutMs: 10_000,
  clientIdleMs: 60_000,
  appIdleMs: 30_000,
  replayBodyBytes: 64 * 1024,
};

export interface StageOptions {
  readonly limits?: Partial<Limits>;
  readonly parts?: Partial<EngineParts>;
  readonly observer?: Partial<EngineObserver>;
  /** Undefined: to the app. */
  readonly route?: Route;
  readonly holdTimeoutMs?: number;
}

export interface Stage {
  readonly engine: Engine;
  readonly app: RawApp;
  readonly admission: Admission;
  readonly tickets: Tickets;
  readonly records: RequestRecord[];
  readonly port: number;
  readonly destination: Destination;
  client(): Promise<RawClient>;
  /** Resolves with the records as soon as there are that many. */
  ended(count: number): Promise<RequestRecord[]>;
  stop(): Promise<void>;
}

export function destinationOf(port: number, generation = 1): Destination {
  return { generation, slot: generation % 2 ? "a" : "b", version: `v${generation}`, host: "127.0.0.1", port };
}

export async function setStage(
  create: CreateEngine,
  behaviour: AppBehaviour,
  options: StageOptions = {},
): Promise<Stage> {
  const app = await RawApp.start(behaviour);
  const now = () => performance.now();
  const tickets = createTickets(() => performance.now());
  const destination = destinationOf(app.port);
  const admission = createAdmission(
    { max: 1000, timeoutMs: options.holdTimeoutMs ?? 10_000, maxInFlight: Number.POSITIVE_INFINITY, now },
    tickets,
    options.route ?? { to: "generation", destination },
  );
  const records: RequestRecord[] = [];
  const clients: RawClient[] = [];
  let waiters: (() => void)[] = [];
  let ids = 0;
  const engine = create({
    listen: { host: "127.0.0.1", port: 0 },
    admission,
    tickets,
    limits: { ...LIMITS, ...options.limits },
    observer: {
      refused() {},
      accepted() {},
      replayed() {},
      connections() {},
      trouble(error, what) {
        throw new Error(`trouble: ${what}`, { cause: error });
      },
      ...options.observer,
      ended(record) {
        records.push(record);
        options.observer?.ended?.(record);
        for (const wake of waiters.splice(0)) wake();
      },
    },
    isTrustedProxy: () => false,
    via: false,
    now,
    newRequestId: () => (++ids).toString(16).padStart(32, "0"),
    ...options.parts,
  });
  const { port } = await engine.listen();
  return {
    engine,
    app,
    admission,
    tickets,
    records,
    port,
    destination,
    async client() {
      const client = await RawClient.open(port);
      clients.push(client);
      return client;
    },
    async ended(count) {
      while (records.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
      return records;
    },
    async stop() {
      for (const client of clients) client.close();
      engine.destroy();
      await engine.close();
      await app.stop();
      waiters = [];
    },
  };
}
