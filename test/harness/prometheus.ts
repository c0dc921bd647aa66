// A real Prometheus, as Debian has it, that scrapes what it is told to.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Tool } from "./tool.ts";

export const PROMETHEUS: Tool = { name: "prometheus", probe: ["prometheus", "--version"] };
export const PROMTOOL: Tool = { name: "promtool", probe: ["promtool", "--version"] };

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export interface Prometheus {
  /** The answer of an instant query, now. Rejects if Prometheus refuses it. */
  query(expr: string): Promise<readonly Series[]>;
  /** The same over all that was scraped so far. */
  range(expr: string): Promise<readonly Series[]>;
  /** Resolves as soon as the query answers with at least one series. */
  seen(expr: string): Promise<readonly Series[]>;
  /** GET of the API. */
  api(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

export interface PrometheusPlan {
  readonly folder: string;
  readonly port: number;
  /** Host and port of /metrics. */
  readonly target: string;
  readonly rules: string;
}

/** Scrapes and evaluates more than twice a second: a test waits for what it is about. */
const INTERVAL = "400ms";

/** Resolves once it answers queries and has begun to scrape. */
export async function startPrometheus({ folder, port, target, rules }: PrometheusPlan): Promise<Prometheus> {
  const home = join(folder, "prometheus");
  mkdirSync(home);
  const file = join(home, "prometheus.yml");
  writeFileSync(
    file,
    JSON.stringify({
      global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: "shop",
          static_configs: [{ targets: [target], labels: { namespace: "prod", pod: "web-1" } }],
        },
      ],
    }),
  );
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(home, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--enable-feature=exemplar-storage",
    "--log.level=error",
  ];
  const began = Date.now() / 1_000;
  const child = spawn("prometheus", args, { stdio: ["ignore", "inherit", "inherit"] });

  async function api(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const url = `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(query)}`;
    const { status, data, error } = (await (await fetch(url)).json()) as {
      status: string;
      data: unknown;
      error?: string;
    };
    if (status !== "success") throw new Error(`${path} ${JSON.stringify(query)}: ${error}`);
    return data;
  }

  const seriesOf = async (path: string, query: Readonly<Record<string, string>>) =>
    ((await api(path, query)) as { result: readonly Series[] }).result;

  const prometheus: Prometheus = {
    api,
    query: (expr) => seriesOf("query", { query: expr }),
    range: (expr) =>
      seriesOf("query_range", {
        query: expr,
        start: String(began),
        end: String(Date.now() / 1_000),
        step: "0.4",
      }),
    async seen(expr) {
      for (;;) {
        const found = await prometheus.query(expr);
        if (found.length > 0) return found;
        await pause(50);
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
    try {
      // It knows its target, be that up or not: only then does it scrape.
      if ((await prometheus.query("up")).length > 0) return prometheus;
    } catch {
      // It does not listen yet.
    }
    await pause(50);
  }
}
