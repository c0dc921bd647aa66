// Requests as fast as they are answered: CPU time per request, and memory after it.

import { webApp } from "../apps/nginx-app.ts";
import { readWrkReport, type WrkOptions, wrkCommand } from "../load/wrk.ts";
import { NGINX, WRK } from "../stage/program.ts";
import type { BenchCase } from "./bench-case.ts";
import { warmUp } from "./warm-up.ts";

interface Loop {
  readonly name: string;
  readonly meaning: string;
  readonly title: string;
  readonly path: string;
  readonly connections: number;
  readonly bodyBytes?: number;
  readonly fresh?: boolean;
}

function closedLoop({ name, meaning, title, path, ...load }: Loop): BenchCase {
  return {
    name,
    meaning,
    app: webApp,
    protocol: "h1",
    programs: [WRK, NGINX],
    rows: [{ key: "cpu", title, unit: "µs", as: "ratio" }],
    async measure(start, stage) {
      const { pace, directory, load: run } = stage;
      const peer = await start();
      const options = (seconds: number): WrkOptions => ({ url: peer.url + path, seconds, ...load });
      await warmUp(peer, stage, (seconds) => run(wrkCommand(options(seconds), directory)));
      const before = peer.cpu();
      const { requests, seconds, failed, refused, broken, late } = readWrkReport(
        await run(wrkCommand(options(pace.seconds), directory)),
      );
      const spent = peer.cpu() - before;
      const { rss, pss } = peer.memory();
      await peer.stop();
      return {
        cpu: spent / requests,
        rate: requests / seconds,
        requests,
        failed,
        refused,
        broken,
        late,
        rss,
        pss,
      };
    },
  };
}

export const closedLoops: readonly BenchCase[] = [
  closedLoop({
    name: "get",
    meaning: "GET of a small answer, 64 connections",
    title: "GET, small answer, 64 connections",
    path: "/",
    connections: 64,
  }),
  closedLoop({
    name: "get-1000",
    meaning: "the same over 1,000 connections",
    title: "GET, small answer, 1,000 connections",
    path: "/",
    connections: 1_000,
  }),
  closedLoop({
    name: "get-16k",
    meaning: "answers of 16 KiB",
    title: "GET, answer of 16 KiB",
    path: "/16k",
    connections: 64,
  }),
  closedLoop({
    name: "get-1m",
    meaning: "answers of 1 MiB (the ratio per request is that per byte)",
    title: "GET, answer of 1 MiB, per byte",
    path: "/1m",
    connections: 64,
  }),
  closedLoop({
    name: "chunked",
    meaning: "chunked answers of 16 KiB in chunks of 2 KiB",
    title: "GET, chunked answer of 16 KiB",
    path: "/chunked",
    connections: 64,
  }),
  closedLoop({
    name: "post-16k",
    meaning: "POST of 16 KiB",
    title: "POST of 16 KiB",
    path: "/sink",
    connections: 64,
    bodyBytes: 16_384,
  }),
  closedLoop({
    name: "post-1m",
    meaning: "POST of 1 MiB",
    title: "POST of 1 MiB, per byte",
    path: "/sink",
    connections: 64,
    bodyBytes: 1_048_576,
  }),
  closedLoop({
    name: "new-connection",
    meaning: "GET of a small answer, a new connection for each request",
    title: "GET, new connection per request",
    path: "/",
    connections: 64,
    fresh: true,
  }),
];
