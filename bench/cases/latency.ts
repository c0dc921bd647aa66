import { webApp } from "../apps/nginx-app.ts";
import { readWrkReport, type WrkOptions, wrkCommand } from "../load/wrk.ts";
import { NGINX, WRK } from "../stage/program.ts";
import type { BenchCase } from "./bench-case.ts";
import { warmUp } from "./warm-up.ts";

const CONNECTIONS = 64;

export const latency: BenchCase = {
  name: "latency",
  meaning: "what a proxy adds to the time of a GET at --rate requests per second, over 64 connections",
  app: webApp,
  protocol: "h1",
  programs: [WRK, NGINX],
  addsToDirect: true,
  rows: [
    { key: "p50-added", title: "added at half load, p50", unit: "µs", as: "value" },
    { key: "p99-added", title: "added at half load, p99", unit: "µs", as: "value" },
    { key: "p999-added", title: "added at half load, p99.9", unit: "µs", as: "value" },
    { key: "cpu", title: "GET, small answer, at half load", unit: "µs", as: "ratio" },
  ],
  async measure(start, stage) {
    const { pace, directory, load } = stage;
    const peer = await start();
    const options = (seconds: number, rate?: number): WrkOptions => ({
      url: `${peer.url}/`,
      connections: CONNECTIONS,
      seconds,
      ...(rate === undefined ? {} : { rate }),
    });
    // Warmed up at full load, so that what is measured is compiled code.
    await warmUp(peer, stage, (seconds) => load(wrkCommand(options(seconds), directory)));
    const before = peer.cpu();
    const { requests, seconds, failed, p50, p99, p999 } = readWrkReport(
      await load(wrkCommand(options(pace.seconds, pace.rate), directory)),
    );
    const spent = peer.cpu() - before;
    await peer.stop();
    return { p50, p99, p999, cpu: spent / requests, rate: requests / seconds, requests, failed };
  },
};
