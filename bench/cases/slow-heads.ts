import { webApp } from "../apps/nginx-app.ts";
import type { Order } from "../load/slow-head-load.ts";
import { readWrkReport, wrkCommand } from "../load/wrk.ts";
import { NGINX, WRK } from "../stage/program.ts";
import type { BenchCase } from "./bench-case.ts";
import { warmUp } from "./warm-up.ts";

const CLIENTS = 200;
/** Half as much again as every proxy is told to wait for a head. */
const LIMIT_SECONDS = 15;
const CONNECTIONS = 64;
const LOAD = new URL("../load/slow-head-load.ts", import.meta.url);

export const slowHeads: BenchCase = {
  name: "slow-heads",
  meaning: "200 clients that send a head at a byte a second, beside others at --rate",
  app: webApp,
  protocol: "h1",
  programs: [WRK, NGINX],
  rows: [
    { key: "told", title: "200 slow heads: told 408", unit: "clients", as: "value" },
    {
      key: "left",
      title: `200 slow heads: still there after ${LIMIT_SECONDS} s`,
      unit: "clients",
      as: "value",
    },
    {
      key: "lastSeconds",
      title: "200 slow heads: the last one ended, after its first byte",
      unit: "s",
      as: "value",
    },
    { key: "growth", title: "the others' p99 meanwhile, against before", unit: "x", as: "value" },
  ],
  async measure(start, stage) {
    const { pace, directory, load, startLoad } = stage;
    const peer = await start();
    const beside = async (seconds: number) =>
      readWrkReport(
        await load(
          wrkCommand({ url: `${peer.url}/`, connections: CONNECTIONS, seconds, rate: pace.rate }, directory),
        ),
      );
    await warmUp(peer, stage, (seconds) =>
      load(wrkCommand({ url: `${peer.url}/`, connections: CONNECTIONS, seconds }, directory)),
    );
    const before = await beside(pace.seconds);
    const order: Order = { port: peer.port, clients: CLIENTS, limitSeconds: LIMIT_SECONDS };
    const slow = startLoad(LOAD, order);
    const meanwhile = await beside(LIMIT_SECONDS - 1);
    const { told = 0, left = 0, lastMs = 0 } = await slow.event("done");
    await peer.stop();
    return {
      told,
      left,
      // None has ended: there is no last one.
      ...(left === CLIENTS ? {} : { lastSeconds: lastMs / 1_000 }),
      growth: meanwhile.p99 / before.p99,
      requests: before.requests + meanwhile.requests,
      failed: before.failed + meanwhile.failed,
    };
  },
};
