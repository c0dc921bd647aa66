import { websocketApp } from "../apps/node-apps.ts";
import type { Order } from "../load/websocket-load.ts";
import type { BenchCase } from "./bench-case.ts";

const CONNECTIONS = 64;
const LOAD = new URL("../load/websocket-load.ts", import.meta.url);

export const websocket: BenchCase = {
  name: "websocket",
  meaning: "a WebSocket message of 64 bytes there and one back, 64 connections",
  app: websocketApp,
  protocol: "h1",
  programs: [],
  rows: [{ key: "cpu", title: "WebSocket, message and answer", unit: "µs", as: "ratio" }],
  except: { undici: "takes no upgrades" },
  async measure(start, { pace, startLoad }) {
    const peer = await start();
    const order: Order = {
      port: peer.port,
      connections: CONNECTIONS,
      warmUpSeconds: pace.warmUpSeconds,
      seconds: pace.seconds,
    };
    const load = startLoad(LOAD, order);
    const first = await load.event("begun");
    const before = peer.cpu();
    const last = await load.event("done");
    const spent = peer.cpu() - before;
    const { rss, pss } = peer.memory();
    await load.stop();
    await peer.stop();
    const requests = (last.answered ?? 0) - (first.answered ?? 0);
    return {
      cpu: spent / requests,
      rate: requests / pace.seconds,
      requests,
      failed: last.failed ?? 0,
      rss,
      pss,
    };
  },
};
