// sluice beside other proxies, and the reports of it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundles } from "../scripts/bundles.ts";
import { writeCompiledCode } from "../scripts/compiled-code.ts";
import { SluiceError } from "../src/errors.ts";
import { COMPARE_HELP, type CompareOptions, readCompareOptions } from "./compare-options.ts";
import { measureAll } from "./measurement.ts";
import { YARDSTICK } from "./peers/list.ts";
import { describeMachine, describeVersions } from "./report/machine.ts";
import { figuresOf, withFigures } from "./report/page.ts";
import { plotOf } from "./report/plot.ts";
import type { BenchResult } from "./report/result.ts";
import { notesOf, plainText, tablesOf } from "./report/table.ts";
import { allowedCores, chooseCores } from "./stage/cores.ts";
import { openFiles } from "./stage/open-files.ts";
import { missingPrograms, PRLIMIT, TASKSET } from "./stage/program.ts";
import { createStage } from "./stage/stage.ts";

/** Runs the comparison; resolves with the exit code. Throws USAGE. */
export async function compare(argv: readonly string[]): Promise<number> {
  const options = readCompareOptions(argv);
  if (options === undefined) {
    process.stdout.write(COMPARE_HELP);
    return 0;
  }
  // Before hours of measuring, not after.
  if (options.markdown !== undefined) demandMarks(options.markdown);
  let result: BenchResult;
  try {
    result = options.from === undefined ? await measureWith(options) : readResult(options.from);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  report(result, options);
  const gaps = result.absences.filter(({ isOffer }) => !isOffer);
  const failed = result.cases.some(({ rounds }) =>
    rounds.some((round) => Object.values(round).some((sample) => (sample.failed ?? 0) > 0)),
  );
  return gaps.length > 0 || failed ? 1 : 0;
}

/** Throws USAGE for a document that cannot take the tables. */
function demandMarks(file: string): void {
  try {
    withFigures(readFileSync(file, "utf8"), "");
  } catch (cause) {
    throw new SluiceError("USAGE", `--markdown ${file}: ${(cause as Error).message}`, { cause });
  }
}

async function measureWith(options: CompareOptions): Promise<BenchResult> {
  const { cases, peers, rounds, pace, command } = options;
  const programs = [...cases, ...peers].flatMap((one) => one.programs);
  const missing = missingPrograms([TASKSET, PRLIMIT, ...programs], process.env.PATH ?? "");
  if (missing !== undefined) throw new Error(missing);
  const machine = describeMachine();
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const place = { cores: chooseCores(allowedCores(), options.cores), openFiles: openFiles() };
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-bundle-"));
  const stage = createStage({ ...place, pace, bundle: options.bundle ?? folder });
  const end = async (): Promise<void> => {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const onSignal = (): void => void end().finally(() => process.exit(1));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    if (options.bundle === undefined && peers.some(({ name }) => name.startsWith("sluice"))) {
      await buildBundles(folder);
      await writeCompiledCode(folder);
    }
    const measured = await measureAll({ cases, peers, rounds }, stage, tell);
    return {
      date: new Date().toISOString(),
      command,
      machine,
      versions: describeVersions(),
      pace,
      rounds,
      peers: peers.map(({ name, title }) => ({ name, title })),
      yardstick: YARDSTICK.name,
      ...measured,
    };
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await end();
  }
}

function readResult(file: string): BenchResult {
  return JSON.parse(readFileSync(file, "utf8")) as BenchResult;
}

function report(result: BenchResult, { json, plot, markdown }: CompareOptions): void {
  const text = `${JSON.stringify(result, null, 1)}\n`;
  if (json?.file !== undefined) writeFileSync(json.file, text);
  if (json && json.file === undefined) process.stdout.write(text);
  else process.stdout.write(`${[...tablesOf(result).map(plainText), ...notesOf(result)].join("\n\n")}\n`);
  const picture = plot === undefined ? undefined : plotOf(result);
  if (plot !== undefined && picture !== undefined) writeFileSync(plot, picture);
  if (markdown !== undefined)
    writeFileSync(markdown, withFigures(readFileSync(markdown, "utf8"), figuresOf(result)));
}
