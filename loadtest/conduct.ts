// Runs a scenario, then the same with its protection taken away, and brings both before the judge.

import { type Course, courseOf } from "./course.ts";
import type { Figure } from "./figures.ts";
import { type EndRecord, tally } from "./ledger.ts";
import type { Scenario, Sizes } from "./scenario.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
import { type Judgement, judge, lossesOf, playControl, type Run } from "./verdict.ts";

export interface ScenarioRun extends Run {
  readonly figures: readonly Figure[];
  /** How the client's connections ended, most frequent first. */
  readonly ends: readonly (readonly [string, number])[];
  readonly seconds: number;
  /** For the report; left out of JSON. */
  readonly course: Course;
}

export interface ScenarioResult extends Judgement {
  readonly name: string;
  readonly promise: string;
  readonly controlIs: string;
  /** Undefined: the run broke off; the reasons say why. */
  readonly run: ScenarioRun | undefined;
  /** What the negative control lost; undefined: it could not be run. */
  readonly control:
    | {
        readonly lost: number;
        readonly begun: number;
        readonly inFlight: readonly number[];
        readonly course: Course;
      }
    | undefined;
}

/** Hears of the stage on which a run goes on, and of its end (undefined). */
export type Watch = (stage: Stage | undefined, what: string) => void;

/** What makes one run differ from another of the same scenario. */
export type Draw = Pick<StageOptions, "seed" | "engine">;

async function runOnce(
  scenario: Scenario,
  sizes: Sizes,
  { seed, engine }: Draw,
  isControl: boolean,
  watch: Watch,
): Promise<ScenarioRun> {
  const begunAt = performance.now();
  const stage = await openStage({
    seed,
    engine,
    faults: scenario.faults?.(isControl),
    excuses: scenario.excuses && !isControl,
    background: sizes.background,
    answerTimeoutMs: Math.max(10_000, sizes.slowMs * 2 + 5_000),
  });
  try {
    watch(stage, isControl ? `${scenario.name}, control` : scenario.name);
    const told = await within(sizes.limitMs, scenario.run(stage, sizes, isControl));
    const account = await stage.settle();
    const ends = stage.clients.flatMap((client): readonly EndRecord[] => client.ends);
    return {
      account,
      marks: [...stage.marks],
      broken: told.broken,
      figures: told.figures,
      ends: tally(ends, ({ end }) => end),
      seconds: (performance.now() - begunAt) / 1000,
      course: courseOf(
        stage.clients.flatMap((client) => client.entries),
        stage.happenings,
        stage.marks,
      ),
    };
  } finally {
    watch(undefined, "");
    await stage.close();
  }
}

/** Never rejects: a run that breaks off is a result, "failed" if the scenario did, "not proven" if its control did. */
export async function conduct(
  scenario: Scenario,
  sizes: Sizes,
  draw: Draw,
  watch: Watch,
): Promise<ScenarioResult> {
  const names = { name: scenario.name, promise: scenario.promise, controlIs: scenario.control };
  let run: ScenarioRun;
  try {
    run = await runOnce(scenario, sizes, draw, false, watch);
  } catch (error) {
    return {
      ...names,
      run: undefined,
      control: undefined,
      verdict: "failed",
      reasons: [`the run broke off: ${reasonOf(error)}`],
    };
  }
  let control: ScenarioRun | undefined;
  const doubts: string[] = [];
  try {
    control = await playControl((round) =>
      runOnce(scenario, sizes, { ...draw, seed: draw.seed + round }, true, watch),
    );
  } catch (error) {
    doubts.push(`the control broke off: ${reasonOf(error)}`);
  }
  const { verdict, reasons } = judge(run, control);
  return {
    ...names,
    run,
    control: control && {
      lost: lossesOf(control),
      begun: control.account.begun,
      inFlight: control.marks.map(({ inFlight }) => inFlight),
      course: control.course,
    },
    verdict,
    reasons: [...reasons, ...doubts],
  };
}

/** Rejects once the limit has passed: a run that hangs must not hang whoever waits for the verdict. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
