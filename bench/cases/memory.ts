import { setTimeout as pause } from "node:timers/promises";
import { webApp } from "../apps/nginx-app.ts";
import type { Order } from "../load/connection-load.ts";
import { NGINX } from "../stage/program.ts";
import type { RunningLoad } from "../stage/stage.ts";
import type { BenchCase } from "./bench-case.ts";

const FEW = 1_000;
const MANY = 10_000;
const LOAD = new URL("../load/connection-load.ts", import.meta.url);
/** In which garbage is collected and pages are given back. */
const SETTLE_MS = 3_000;
const KIB_A_MB = 1e6 / 1_024;

export const memory: BenchCase = {
  name: "memory",
  meaning: "memory when idle, and with 1,000 and 10,000 connections that have asked once",
  app: webApp,
  protocol: "h1",
  programs: [NGINX],
  rows: [
    { key: "idle", title: "RSS, idle", unit: "MB", as: "value" },
    { key: "at1000", title: "RSS, 1,000 idle connections", unit: "MB", as: "value" },
    { key: "at10000", title: "RSS, 10,000 idle connections", unit: "MB", as: "value" },
    { key: "perConnection", title: "memory per idle connection", unit: "KiB", as: "value" },
  ],
  async measure(start, { startLoad }) {
    const peer = await start();
    await pause(SETTLE_MS);
    const idle = peer.memory();
    const loads: RunningLoad[] = [];
    let failed = 0;
    const open = async (connections: number) => {
      const order: Order = { port: peer.port, connections, rate: 0, seconds: 0 };
      const load = startLoad(LOAD, order);
      loads.push(load);
      failed += (await load.event("open")).failed ?? 0;
      await pause(SETTLE_MS);
      return peer.memory();
    };
    const few = await open(FEW);
    const many = await open(MANY - FEW);
    for (const load of loads) await load.stop();
    await peer.stop();
    return {
      idle: idle.rss,
      at1000: few.rss,
      at10000: many.rss,
      // From 1,000 on: what the code itself needs once it runs is not put down to the connections.
      perConnection: ((many.rss - few.rss) * KIB_A_MB) / (MANY - FEW),
      "pss-idle": idle.pss,
      "pss-at1000": few.pss,
      "pss-at10000": many.pss,
      requests: MANY,
      failed,
    };
  },
};
