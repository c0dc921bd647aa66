// `sluice loadtest`: scenarios against a sluice of its own, or load on a running target.

import { writeFile } from "node:fs/promises";
import { HELP, type Order, readArguments } from "./arguments.ts";
import { conduct, type ScenarioResult } from "./conduct.ts";
import { createProgress, type Progress } from "./progress.ts";
import { scenarioReport } from "./report-file.ts";
import { SCENARIOS } from "./scenarios/list.ts";
import type { Stage } from "./stage.ts";
import { report } from "./table.ts";
import { loadTarget } from "./target.ts";
import { worst } from "./verdict.ts";

const EXIT_CODES = { proven: 0, failed: 1, "not proven": 2 } as const;

/** Runs the load test; resolves with the exit code: 0 proven, 1 failed, 2 not proven. Throws USAGE. */
export async function runLoadtest(argv: readonly string[]): Promise<number> {
  const order = readArguments(argv);
  if (order.do === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = createProgress(process.stderr);
  try {
    return order.do === "target" ? await runTarget(order, progress) : await runScenarios(order, progress);
  } finally {
    progress.stop();
  }
}

/** Slices of time are for the report's pictures. */
function withoutCourse(key: string, value: unknown): unknown {
  return key === "course" ? undefined : value;
}

async function keepReport(file: string | undefined, page: () => string, progress: Progress): Promise<void> {
  if (file === undefined) return;
  await writeFile(file, page());
  progress.say(`the report is in ${file}`);
}

async function runTarget(order: Extract<Order, { do: "target" }>, progress: Progress): Promise<number> {
  const interrupted = new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
  try {
    const { text, page, ok } = await loadTarget(order, progress, interrupted);
    await keepReport(order.report, page, progress);
    process.stdout.write(text);
    return ok ? EXIT_CODES.proven : EXIT_CODES.failed;
  } catch (error) {
    progress.say(`sluice loadtest: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_CODES.failed;
  }
}

async function runScenarios(order: Extract<Order, { do: "scenarios" }>, progress: Progress): Promise<number> {
  const begunAt = performance.now();
  const results: ScenarioResult[] = [];
  let current: Stage | undefined;
  // Whoever interrupts the test must not be left with its processes.
  const leave = async () => {
    await current?.close();
    process.exit(EXIT_CODES["not proven"]);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  progress.say(
    `seed ${order.seed}, ${order.engine} engine, ${order.sizes.rate} requests/s over ${order.sizes.connections} connections`,
  );
  for (const name of order.names) {
    const scenario = SCENARIOS.find((each) => each.name === name);
    if (!scenario) throw new Error(`no scenario ${name}`);
    const result = await conduct(scenario, order.sizes, order, (stage, what) => {
      current = stage ?? current;
      progress.watch(stage && (() => stage.clients), what, () => stage?.marks.at(-1)?.what ?? "");
    });
    results.push(result);
    progress.say(
      `${name}: ${result.verdict}${result.reasons.length > 0 ? ` (${result.reasons.join("; ")})` : ""}`,
    );
  }
  process.off("SIGINT", leave).off("SIGTERM", leave);
  const verdict = worst(results.map((result) => result.verdict));
  const seconds = (performance.now() - begunAt) / 1000;
  const page = () => scenarioReport(results, order.seed, seconds, new Date().toISOString());
  await keepReport(order.report, page, progress);
  if (order.json)
    process.stdout.write(
      `${JSON.stringify({ verdict, seed: order.seed, engine: order.engine, seconds, sizes: order.sizes, results }, withoutCourse, 2)}\n`,
    );
  else process.stdout.write(report(results, order.seed, seconds));
  return EXIT_CODES[verdict];
}
