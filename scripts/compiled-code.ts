// What V8 compiles of the sidecar's bundle at its start, kept in a file beside it for src/start.ts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LAUNCH_FLAGS } from "../loadtest/launch-flags.ts";

/** The same bundle gives the same bytes: hashes from a fixed seed, garbage collected at fixed moments. V8 takes the code without them, too. */
const REPEATABLE = ["--random-seed=1", "--predictable"];

/** On a busy machine a timer may fire in the middle of a warm-up, and what it calls is compiled as well. */
const MOST_ATTEMPTS = 8;

/**
 * Writes `sluice.code` beside the folder's `sluice.js`, made by that Node (a command with its arguments: it may be
 * emulated, and is asked once then, since it takes a minute). What two warm-ups in a row agree on is taken. Rejects if the
 * bundle does not start under it, or no two agree.
 */
export async function writeCompiledCode(
  folder: string,
  node: readonly string[] = [process.execPath],
): Promise<void> {
  let before: Buffer | undefined;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    await warmUp(folder, node);
    const code = readFileSync(join(folder, "sluice.code"));
    if (node.length > 1 || before?.equals(code)) return;
    before = code;
  }
  throw new Error(`of ${MOST_ATTEMPTS} warm-ups of the bundle no two in a row compiled the same`);
}

async function warmUp(folder: string, node: readonly string[]): Promise<void> {
  const [command = "", ...before] = node;
  const program = [
    join(import.meta.dirname, "warm-up.ts"),
    join(folder, "sluice.js"),
    join(folder, "sluice.code"),
  ];
  const child = spawn(command, [...before, ...REPEATABLE, ...LAUNCH_FLAGS, ...program], {
    env: {},
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = await once(child, "exit");
  if (code !== 0) throw new Error(`the bundle did not warm up: exit code ${code}, signal ${signal}`);
}
