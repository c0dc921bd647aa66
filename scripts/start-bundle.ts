// Starts the sidecar's bundle as the image does, in an empty folder, without node_modules, waits until it says that it is
// live, and stops it with SIGTERM: `node scripts/start-bundle.ts` after `npm run build`. Exits with 1 if any of it fails.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LAUNCH_FLAGS } from "../loadtest/launch-flags.ts";

const LOOPBACK = "127.0.0.1:0";
const PATIENCE_MS = 20_000;

const folder = await mkdtemp(join(tmpdir(), "sluice-bundle-"));
for (const file of ["start.js", "sluice.js", "sluice.code"]) {
  await copyFile(join(import.meta.dirname, "../dist", file), join(folder, file));
}

const began = performance.now();
const args = [
  ...LAUNCH_FLAGS,
  "start.js",
  "--listen",
  LOOPBACK,
  "--ops",
  LOOPBACK,
  "--control",
  LOOPBACK,
  "--drain-delay",
  "0s",
];
const sidecar = spawn(process.execPath, args, { cwd: folder, env: {}, stdio: ["ignore", "pipe", "inherit"] });
const exit = once(sidecar, "exit");
// A sidecar that hangs fails the check instead of hanging it.
const patience = setTimeout(() => sidecar.kill("SIGKILL"), PATIENCE_MS);

try {
  const ops = await opsAddress();
  console.log(`listening after ${Math.round(performance.now() - began)} ms`);
  const live = await fetch(`http://${ops}/livez`);
  if (live.status !== 200) throw new Error(`/livez answered ${live.status}`);
  const ready = await fetch(`http://${ops}/readyz`);
  if (ready.status !== 503) throw new Error(`/readyz answered ${ready.status}, although there is no app`);
  sidecar.kill("SIGTERM");
  const [code, signal] = await exit;
  if (code !== 0) throw new Error(`exit code ${code}, signal ${signal}`);
  console.log("the bundle starts without node_modules, is live, and stops with 0");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
  sidecar.kill("SIGKILL");
} finally {
  clearTimeout(patience);
  await rm(folder, { recursive: true });
}

/** Host and port of the ops server, from the log line of the start. */
async function opsAddress(): Promise<string> {
  const lines = createInterface({ input: sidecar.stdout! });
  for await (const line of lines) {
    const entry = JSON.parse(line);
    if (entry.event !== "started") continue;
    const address = /ops on (\S+)$/.exec(entry.message)?.[1];
    if (address === undefined) throw new Error(`no address in: ${line}`);
    sidecar.stdout!.resume();
    return address;
  }
  throw new Error("the bundle ended before it listened");
}
