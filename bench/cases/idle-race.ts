import { closingApp } from "../apps/node-apps.ts";
import type { Order } from "../load/connection-load.ts";
import type { BenchCase } from "./bench-case.ts";

const CONNECTIONS = 64;
const RATE = 2_000;
const BODY_BYTES = 1_024;
const LOAD = new URL("../load/connection-load.ts", import.meta.url);

export const idleRace: BenchCase = {
  name: "idle-race",
  meaning: "POSTs that fail per million, with an app that closes idle connections at random",
  app: closingApp,
  protocol: "h1",
  programs: [],
  rows: [
    {
      key: "perMillion",
      title: "POSTs failed, app closes idle connections",
      unit: "per million",
      as: "value",
    },
  ],
  async measure(start, { pace, startLoad }) {
    const peer = await start();
    const order: Order = {
      port: peer.port,
      connections: CONNECTIONS,
      rate: RATE,
      seconds: pace.warmUpSeconds + pace.seconds,
      bodyBytes: BODY_BYTES,
    };
    const load = startLoad(LOAD, order);
    await load.event("open");
    await load.event("begun");
    const { begun = 0, failed: lost = 0 } = await load.event("done");
    await load.stop();
    await peer.stop();
    return { perMillion: (lost / begun) * 1e6, requests: begun, lost };
  },
};
