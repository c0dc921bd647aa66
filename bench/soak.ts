// Memory under a steady load. Growth shows as a ratio of the last minute to the second (the first one warms up).

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startApp } from "../loadtest/app-process.ts";
import { createPortSource } from "../loadtest/free-port.ts";
import { startLoad } from "../loadtest/load.ts";
import { startSluice } from "../loadtest/sluice-process.ts";
import { parseArguments, wholeNumber } from "../src/cli/arguments.ts";
import { median } from "./median.ts";
import { residentMb } from "./resident.ts";

const SAMPLE_MS = 5_000;
const SAMPLES_A_MINUTE = 60_000 / SAMPLE_MS;
const CONNECTIONS = 64;
const RATE = 1_000;

/** Prints resident memory minute by minute, and the ratio. */
export async function benchSoak(argv: readonly string[]): Promise<void> {
  const { values } = parseArguments(argv, { minutes: { type: "string" } });
  // Three at least, since the first one warms up.
  const minutes = wholeNumber("--minutes", values.minutes, 3, 10_000) ?? 10;
  const port = createPortSource();
  const ports = { listen: await port(), ops: await port(), control: await port() };
  const appPort = await port();
  const directory = mkdtempSync(join(tmpdir(), "sluice-soak-"));
  const control = `127.0.0.1:${ports.control}`;
  const sluice = await startSluice({
    ports,
    slots: `a=127.0.0.1:${appPort}`,
    engine: "wire",
    flags: ["--control", control, "--probe", "tcp"],
  });
  const app = startApp({ directory, port: appPort, slot: "a", version: "v1", control, flags: [] }, 1);
  await app.ready;
  const url = `http://127.0.0.1:${ports.listen}/n/1`;
  const load = startLoad({ url, connections: CONNECTIONS, rate: RATE, seconds: minutes * 60 });
  const samples: number[] = [];
  for (let taken = 0; taken < minutes * SAMPLES_A_MINUTE; taken++) {
    await pause(SAMPLE_MS);
    samples.push(residentMb(sluice.child.pid));
    if ((taken + 1) % SAMPLES_A_MINUTE === 0) {
      const last = median(samples.slice(-SAMPLES_A_MINUTE));
      console.log(`minute ${String((taken + 1) / SAMPLES_A_MINUTE).padStart(3)}  ${last.toFixed(1)} MB`);
    }
  }
  await load.ended;
  const minute = (index: number) =>
    median(samples.slice(index * SAMPLES_A_MINUTE, (index + 1) * SAMPLES_A_MINUTE));
  const { account } = await sluice.status();
  console.log(`last minute / second minute: ${(minute(minutes - 1) / minute(1)).toFixed(3)}`);
  console.log(`requests: ${account.accepted}`);
  for (const child of [sluice.child, app.child]) {
    child.kill("SIGKILL");
    await child.exited;
  }
  rmSync(directory, { recursive: true });
}
