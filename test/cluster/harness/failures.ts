// Every request that a sluice reported as failed. Its log tells ten in a second and how many it left out; its events have each,
// and are asked for from the app's container, which has the control socket.

import { runInApp } from "./kubectl.ts";
import type { LogLine } from "./sidecars.ts";

const SCRIPT = `require("node:http").get(
  { socketPath: process.env.SLUICE_CONTROL, path: "/v1/events?follow=false" },
  (answer) => answer.pipe(process.stdout),
);`;

interface Told {
  readonly type: string;
  readonly generation?: number;
  readonly details: LogLine;
}

/** Those of the newest 250 failures, as lines like the log's. */
export async function failuresOf(namespace: string, pod: string): Promise<readonly LogLine[]> {
  const { out, err, code } = await runInApp(namespace, pod, SCRIPT);
  if (code !== 0) throw new Error(`the events of ${pod} are not to be had: ${err}`);
  return out
    .split("\n")
    .filter((line) => line.includes('"request_failed"'))
    .map((line) => JSON.parse(line) as Told)
    .map(({ generation, details }) => ({ event: "request_failed", generation, ...details }));
}
