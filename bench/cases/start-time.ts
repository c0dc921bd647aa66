import { webApp } from "../apps/nginx-app.ts";
import { median } from "../median.ts";
import { NGINX } from "../stage/program.ts";
import type { BenchCase } from "./bench-case.ts";

const STARTS = 5;

export const startTime: BenchCase = {
  name: "start",
  meaning: "from the start of the process to the first connection accepted, the middle of 5",
  app: webApp,
  protocol: "h1",
  programs: [NGINX],
  rows: [{ key: "start", title: "start to first connection", unit: "ms", as: "value" }],
  async measure(start) {
    const times: number[] = [];
    for (let taken = 0; taken < STARTS; taken++) {
      const peer = await start();
      times.push(peer.startMs);
      await peer.stop();
    }
    return { start: median(times), fastest: Math.min(...times) };
  },
};
