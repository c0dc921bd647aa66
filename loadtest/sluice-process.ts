// sluice as the load test runs it: a process of its own on ports of its own.

import { request } from "node:http";
import { fileURLToPath } from "node:url";
import type { SluiceAccount } from "./account.ts";
import { type Child, startChild } from "./child.ts";
import { LAUNCH_ENV, LAUNCH_FLAGS } from "./launch-flags.ts";
import { followTimeline, type Timeline } from "./timeline.ts";

export interface SluicePorts {
  readonly listen: number;
  readonly ops: number;
  readonly control: number;
}

export interface SluiceProcess {
  readonly child: Child;
  readonly ports: SluicePorts;
  readonly timeline: Timeline;
  /** GET on the ops server (hooks too): status and body, once it is answered. Rejects if the connection fails. */
  ops(path: string): Promise<{ status: number; body: string }>;
  status(): Promise<SluiceStatus>;
  /** Makes the slot the active one; rejects with the reason if sluice refuses. */
  promote(slot: string): Promise<void>;
}

export interface SluiceStatus {
  readonly ready: boolean;
  readonly active?: string;
  readonly slots: readonly {
    readonly name: string;
    readonly generation?: number;
    readonly version?: string;
    readonly state: string;
  }[];
  readonly connections: number;
  readonly account: SluiceAccount;
}

export interface SluiceOptions {
  readonly ports: SluicePorts;
  /** "a=127.0.0.1:8081,b=…" */
  readonly slots: string;
  readonly engine: "wire" | "standard";
  /** Further flags, e.g. ["--hold-max", "0"]. */
  readonly flags: readonly string[];
}

const START_MS = 10_000;

/** Starts sluice and resolves once it listens and its timeline is followed. */
export async function startSluice({ ports, slots, engine, flags }: SluiceOptions): Promise<SluiceProcess> {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const at = (port: number) => `127.0.0.1:${port}`;
  const addresses = [
    "--listen",
    at(ports.listen),
    "--ops",
    at(ports.ops),
    "--slots",
    slots,
    "--engine",
    engine,
  ];
  // What the caller's shell has set for another sluice must not leak into this one.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
  const env = { ...Object.fromEntries(inherited), ...LAUNCH_ENV };
  const child = startChild([...LAUNCH_FLAGS, main, ...addresses, "--log-level", "info", ...flags], env);
  await child.line(({ event }) => event === "started", START_MS);
  const timeline = await followTimeline(at(ports.control));
  return {
    child,
    ports,
    timeline,
    ops: (path) => ask("GET", `http://${at(ports.ops)}${path}`),
    async status() {
      const { status, body } = await ask("GET", `http://${at(ports.control)}/v1/status`);
      if (status !== 200) throw new Error(`GET /v1/status: ${status} ${body}`);
      return JSON.parse(body) as SluiceStatus;
    },
    async promote(slot) {
      const { status, body } = await ask("POST", `http://${at(ports.control)}/v1/slots/${slot}/promote`);
      if (status !== 200) throw new Error(`promote was answered ${status} ${body}`);
    },
  };
}

/** Not by fetch: node compiles that at its first call, and the load that this process makes stands still meanwhile. */
function ask(method: "GET" | "POST", url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, method });
    call.once("error", reject);
    call.once("response", (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        body += text;
      });
      answer.once("error", reject);
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    call.end();
  });
}

/** The account in the `exit` line of a log: what a sluice that has ended leaves behind. Undefined if it was killed. */
export function exitAccount(child: Child): SluiceAccount | undefined {
  const exit = child.lines.findLast(
    ({ value }) => value.event === "exit" && typeof value.accepted === "number",
  );
  if (!exit) return undefined;
  const number = (name: string) => (typeof exit.value[name] === "number" ? (exit.value[name] as number) : 0);
  const names = ["answered", "client_aborted", "refused", "failed", "deadline"];
  const ended = Object.fromEntries(names.map((name) => [name, number(name)]));
  return { accepted: number("accepted"), ended, inFlight: number("inFlight") };
}

/** Reads the account out of a scrape of /metrics. */
export function metricsAccount(scrape: string): SluiceAccount {
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(scrape)?.[1] ?? Number.NaN);
  const ended: Record<string, number> = {};
  for (const match of scrape.matchAll(/^sluice_requests_ended_total\{ending="(\w+)"\} (\S+)$/gm))
    ended[match[1]!] = Number(match[2]);
  return {
    accepted: value("sluice_requests_accepted_total"),
    ended,
    inFlight: value("sluice_requests_in_flight"),
  };
}
