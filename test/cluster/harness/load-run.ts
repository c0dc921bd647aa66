// A run of the station, seen from the test: its orders go through the API server to the Pod.

import type { LoadOrder, Report, SettleOrder } from "../../../loadtest/station/run.ts";
import type { EventMark } from "../../../loadtest/verdict.ts";
import type { StreamResult } from "../../../loadtest/websocket-client.ts";
import type { Api } from "./api.ts";

export interface Counts {
  readonly begun: number;
  readonly verified: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly streams: number;
  readonly versions: readonly string[];
}

export interface LoadRun {
  load(order: LoadOrder): Promise<void>;
  stream(kind: "websocket" | "event-stream"): Promise<void>;
  mark(what: string): Promise<EventMark>;
  counts(): Promise<Counts>;
  /** Lets the load go on until so many requests have begun, or the counts please `enough`. */
  goOn(enough: number | ((counts: Counts) => boolean)): Promise<Counts>;
  stop(name?: string): Promise<void>;
  streamResults(): Promise<readonly StreamResult[]>;
  settle(order: SettleOrder): Promise<Report>;
}

const PATIENCE_MS = 300_000;

/** Begins run `name` against the target; `station` is the API path of the station's Pod proxy. */
export async function beginRun(
  api: Api,
  station: string,
  name: string,
  target: { readonly host: string; readonly port: number },
): Promise<LoadRun> {
  const path = `${station}/runs/${name}`;
  await api.post(path, target);
  const counts = () => api.get<Counts>(path);
  return {
    load: (order) => api.post(`${path}/load`, order),
    stream: (kind) => api.post(`${path}/stream`, { kind }),
    mark: (what) => api.post(`${path}/mark`, { what }),
    counts,
    async goOn(enough) {
      const isEnough = typeof enough === "function" ? enough : ({ begun }: Counts) => begun >= enough;
      for (const limit = performance.now() + PATIENCE_MS; ; ) {
        const now = await counts();
        if (isEnough(now)) return now;
        if (performance.now() > limit)
          throw new Error(`the load does not come so far: ${JSON.stringify(now)}`);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    stop: (only) => api.post(`${path}/stop`, only === undefined ? {} : { name: only }),
    streamResults: () => api.get(`${path}/streams`),
    settle: (order) => api.post(`${path}/settle`, order),
  };
}
