// The sidecar's entry: argv and environment in, exit code out. The only place that touches process.*.
//
// Exit codes: 0 drained; 1 failed start, or stopped because of a defect; 64 bad configuration; 70 something was cut
// at the deadline of the stop.

import { readFile } from "node:fs/promises";
import { loadConfig } from "./config/load.ts";
import { optionsHelp } from "./config/options-help.ts";
import { formatProblems } from "./config/problem.ts";
import { loadEngine } from "./engines.ts";
import { createSidecar, type Sidecar } from "./sidecar.ts";
import { VERSION } from "./version.ts";

const FAILED_START = 1;
const DEFECT = 1;
const BAD_CONFIGURATION = 64;

/** Runs one sidecar to its end; resolves with the exit code. `pretty` turns a JSON log line into one for people. */
export async function main(argv: readonly string[], pretty?: (line: string) => string): Promise<number> {
  const asked = answerFor(argv);
  if (asked !== undefined) return say(process.stdout, asked, 0);

  const loaded = await loadConfig({ argv, env: process.env, readFile: (path) => readFile(path, "utf8") });
  if ("problems" in loaded) return say(process.stderr, formatProblems(loaded.problems), BAD_CONFIGURATION);

  const { otlpEndpoint, graceMs } = loaded.config;
  const tracing = otlpEndpoint === undefined ? undefined : await import("./telemetry/tracing/tracing.ts");
  const sidecar = createSidecar(loaded.config, {
    createTracing: tracing?.createTracing,
    createEngine: await loadEngine(loaded.config),
    output: process.stdout,
    pretty,
    version: VERSION,
    node: process.version,
    heapUsed: () => process.memoryUsage().heapUsed,
    now: () => performance.now(),
  });
  const defects = trap(sidecar, graceMs);
  try {
    await sidecar.start();
  } catch (error) {
    return say(
      process.stderr,
      `sluice: ${error instanceof Error ? error.message : String(error)}\n`,
      FAILED_START,
    );
  }
  const { exitCode } = await sidecar.finished;
  return defects() > 0 && exitCode === 0 ? DEFECT : exitCode;
}

/** --help and --version, wherever they stand; "run" may stand in front, so that both bundles take the same line. */
function answerFor(argv: readonly string[]): string | undefined {
  if (argv.includes("--help") || argv.includes("-h"))
    return `Usage: sluice run [options]\n\n${optionsHelp()}`;
  return argv.includes("--version") ? `sluice ${VERSION}\n` : undefined;
}

/**
 * Signals go to the sidecar. (Node ignores SIGPIPE by itself.) A rejected promise that nobody listened to belongs to one
 * request or one connection: it is logged, and the proxy goes on. An exception that nobody caught may have left anything
 * half done: sluice stops in order, so that nobody's request is cut, and the kubelet starts it anew. Returns how many
 * such exceptions there were.
 */
function trap(sidecar: Sidecar, graceMs: number): () => number {
  let defects = 0;
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => sidecar.signal(name));
  // A terminal that went away is a person who left; elsewhere SIGHUP asks many a server to read its configuration again.
  process.on("SIGHUP", () => (process.stdout.isTTY ? sidecar.signal("SIGINT") : sidecar.disregard("SIGHUP")));
  process.on("unhandledRejection", (reason) => {
    sidecar.report(errorOf(reason), "a promise was rejected and nobody listened; sluice goes on");
  });
  process.on("uncaughtException", (error) => {
    sidecar.report(errorOf(error), "an exception was not caught; sluice stops in order, to be started anew");
    if (++defects > 1) return;
    sidecar.signal("SIGTERM");
    // What is broken may be the stop itself.
    setTimeout(() => process.exit(DEFECT), graceMs).unref();
  });
  return () => defects;
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function say(stream: NodeJS.WriteStream, text: string, exitCode: number): number {
  stream.write(text);
  return exitCode;
}

if (import.meta.main) {
  const argv = process.argv.slice(2);
  // No await here: the image's form of the bundle is a script, which has none at its top.
  void main(argv[0] === "run" ? argv.slice(1) : argv).then((exitCode) => process.exit(exitCode));
}
