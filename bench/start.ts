// From the start of the process to the moment at which it listens, in turn with a bare node:http server on the same
// node with the same flags: what sluice adds to what any program in Node pays.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startChild } from "../loadtest/child.ts";
import { LAUNCH_ENV, LAUNCH_FLAGS } from "../loadtest/launch-flags.ts";
import { buildBundles } from "../scripts/bundles.ts";
import { writeCompiledCode } from "../scripts/compiled-code.ts";
import { parseArguments, wholeNumber } from "../src/cli/arguments.ts";
import { median } from "./median.ts";
import { residentMb } from "./resident.ts";

const BARE = `require("node:http").createServer((q, r) => r.end()).listen(0, "127.0.0.1", () => console.log('{"event":"started"}'))`;
/** Long enough for what a start leaves behind to be collected, ms. */
const SETTLE_MS = 2_000;

interface Start {
  readonly ms: number;
  readonly mb: number;
}

async function start(args: readonly string[], settleMs: number): Promise<Start> {
  const before = performance.now();
  const child = startChild(args, { PATH: process.env.PATH, ...LAUNCH_ENV });
  const { at } = await child.line(({ event }) => event === "started", 20_000);
  await pause(settleMs);
  const mb = residentMb(child.pid);
  child.kill("SIGKILL");
  await child.exited;
  return { ms: at - before, mb };
}

/** Prints medians of start time and idle memory. */
export async function benchStart(argv: readonly string[]): Promise<void> {
  const { values } = parseArguments(argv, { rounds: { type: "string" } });
  const rounds = wholeNumber("--rounds", values.rounds, 1, 1_000) ?? 11;
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    await buildBundles(folder);
    await writeCompiledCode(folder);
    const zero = "127.0.0.1:0";
    const sluice = [
      ...LAUNCH_FLAGS,
      join(folder, "start.js"),
      "--listen",
      zero,
      "--ops",
      zero,
      "--control",
      zero,
    ];
    const bare = [...LAUNCH_FLAGS, "-e", BARE];
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push((await start(sluice, 0)).ms);
      theirs.push((await start(bare, 0)).ms);
    }
    const idle = await start(sluice, SETTLE_MS);
    const bareIdle = await start(bare, SETTLE_MS);
    const line = (what: string, a: number, b: number, unit: string) =>
      console.log(
        `${what.padEnd(28)} sluice ${a.toFixed(0)} ${unit}, bare node:http ${b.toFixed(0)} ${unit}, ratio ${(a / b).toFixed(2)}`,
      );
    line(`start to listening (of ${rounds})`, median(ours), median(theirs), "ms");
    line("the fastest start", Math.min(...ours), Math.min(...theirs), "ms");
    line("resident memory, idle", idle.mb, bareIdle.mb, "MB");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
