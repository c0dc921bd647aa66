import { webApp } from "../apps/nginx-app.ts";
import type { Order } from "../load/connection-load.ts";
import { wrkCommand } from "../load/wrk.ts";
import { NGINX, WRK } from "../stage/program.ts";
import type { RunningPeer, Stage } from "../stage/stage.ts";
import type { BenchCase } from "./bench-case.ts";
import { warmUp } from "./warm-up.ts";

const FEW = 100;
const MANY = 10_000;
const LOAD = new URL("../load/connection-load.ts", import.meta.url);

/** CPU time per request, us, at the same rate spread over so many connections; and how many requests failed. */
async function costWith(connections: number, peer: RunningPeer, { pace, startLoad }: Stage) {
  const order: Order = { port: peer.port, connections, rate: pace.rate, seconds: pace.seconds };
  const load = startLoad(LOAD, order);
  const { failed: unopened = 0 } = await load.event("open");
  await load.event("begun");
  const before = peer.cpu();
  const { answered = 0, failed = 0 } = await load.event("done");
  const cpu = (peer.cpu() - before) / answered;
  await load.stop();
  return { cpu, failed: failed + unopened, answered };
}

export const connections: BenchCase = {
  name: "connections",
  meaning: "CPU per request at --rate, spread over 10,000 connections, against the same over 100",
  app: webApp,
  protocol: "h1",
  programs: [WRK, NGINX],
  rows: [
    { key: "cpu", title: "GET at a steady rate, 10,000 connections", unit: "µs", as: "ratio" },
    { key: "growth", title: "CPU per request, 10,000 connections against 100", unit: "x", as: "value" },
  ],
  async measure(start, stage) {
    const peer = await start();
    await warmUp(peer, stage, (seconds) =>
      stage.load(wrkCommand({ url: peer.url, connections: FEW, seconds }, stage.directory)),
    );
    const few = await costWith(FEW, peer, stage);
    const many = await costWith(MANY, peer, stage);
    await peer.stop();
    return {
      cpu: many.cpu,
      growth: many.cpu / few.cpu,
      cpu100: few.cpu,
      requests: few.answered + many.answered,
      failed: few.failed + many.failed,
    };
  },
};
