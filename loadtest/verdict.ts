// The verdict on one promise: kept, broken, or not shown. A run without a loss proves nothing unless the same load
// loses requests as soon as the protection is taken away.

import type { Account } from "./account.ts";

export type Verdict = "proven" | "failed" | "not proven";

/** Something that was done to the system, and how much was at stake. */
export interface EventMark {
  readonly what: string;
  /** By performance.now(), ms. */
  readonly at: number;
  /** Requests without an answer at that moment, by the client's count; streams that are open. */
  readonly inFlight: number;
}

export interface Run {
  readonly account: Account;
  readonly marks: readonly EventMark[];
  /** Promises beside the account that were broken, each in a sentence. */
  readonly broken: readonly string[];
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/** What a run lost, in requests and broken promises. */
export function lossesOf(run: Run): number {
  return run.account.lost.length + run.broken.length;
}

const MOST_CONTROLS = 3;

/** Plays a control, and again if it lost nothing: whether its event meets a request is chance. Three times at most; `round` from 1. */
export async function playControl<T extends Run>(play: (round: number) => Promise<T>): Promise<T> {
  for (let round = 1; ; round++) {
    const run = await play(round);
    if (lossesOf(run) > 0 || round === MOST_CONTROLS) return run;
  }
}

/** Judges a run by its accounts and by its negative control; `control` undefined: it could not be run. */
export function judge(run: Run, control: Run | undefined): Judgement {
  const { account, marks, broken } = run;
  const failures = [
    ...(account.lost.length > 0 ? [`${account.lost.length} requests lost`] : []),
    ...(account.doubled.length > 0 ? [`${account.doubled.length} POSTs executed twice`] : []),
    ...(account.disagreements.length > 0
      ? [`the accounts differ in ${account.disagreements.length} places`]
      : []),
    ...broken,
  ];
  if (failures.length > 0) return { verdict: "failed", reasons: failures };
  const doubts = [
    ...(account.verified === 0 ? ["no request was verified"] : []),
    ...(marks.length > 0 && marks.every((mark) => mark.inFlight === 0)
      ? ["no request was in flight at any event"]
      : []),
    ...(control === undefined ? ["the negative control did not run"] : []),
    ...(control && lossesOf(control) === 0
      ? [`the negative control lost nothing, ${MOST_CONTROLS} times: this load cannot see a loss`]
      : []),
  ];
  if (doubts.length > 0) return { verdict: "not proven", reasons: doubts };
  return { verdict: "proven", reasons: [] };
}

/** The worst of several verdicts: one broken promise fails the run, one that was not shown leaves it unproven. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return "not proven";
  if (verdicts.includes("failed")) return "failed";
  return verdicts.includes("not proven") ? "not proven" : "proven";
}
