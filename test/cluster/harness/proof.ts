// A promise is proved by two plays at the same time, on the same cluster, under the same kind of load: with sluice, which must
// lose nothing, and without what is being proved, which must lose something, or the load could not see a loss.

import type { ApartTime, LoadOrder, Report } from "../../../loadtest/station/run.ts";
import { judge, lossesOf, playControl, type Run, type Verdict } from "../../../loadtest/verdict.ts";
import type { LoadRun } from "./load-run.ts";
import { LOADS } from "./loads.ts";
import type { Wish } from "./manifest.ts";
import type { Deployed, Stage } from "./stage.ts";

/** What an act knows beside the accounts. */
export interface Told {
  /** Promises beside the account that were broken, each in a sentence. */
  readonly broken?: readonly string[];
  /** Generations (see `generationOf`) whose process was killed: a POST that had reached them is excused. */
  readonly died?: readonly number[];
  readonly apart?: readonly ApartTime[];
  /** Figures for the report. */
  readonly said?: readonly string[];
}

export interface Play {
  readonly wish: Wish;
  readonly loads?: readonly LoadOrder[];
  /** The load goes on until so many requests have begun. */
  readonly requests: number;
  act(deployed: Deployed, run: LoadRun, stage: Stage): Promise<Told | undefined>;
  /** Promises that the report shows to be broken, each in a sentence. */
  review?(report: Report): readonly string[];
}

export interface Played extends Run {
  readonly report: Report;
  readonly said: readonly string[];
}

export interface Proof {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly run: Played;
  readonly control: Played | undefined;
  /** One line for people. */
  readonly line: string;
}

const WARM_REQUESTS = 100;

/** Deploys, loads, acts, and settles the three accounts. */
export async function play(stage: Stage, { wish, loads, requests, act, review }: Play): Promise<Played> {
  const deployed = await stage.deploy(wish);
  const run = await stage.begin(deployed);
  for (const load of loads ?? LOADS) await run.load(load);
  await run.goOn(Math.min(WARM_REQUESTS, requests));
  const told = await act(deployed, run, stage);
  await run.goOn(requests);
  await run.stop();
  await stage.sidecars.settled(wish.name);
  const { accounts, problems } = await stage.sidecars.accounts(wish.name);
  const report = await run.settle({
    sluices: problems.length > 0 ? [] : accounts,
    failed: await stage.sidecars.failed(wish.name),
    excuses: told?.died !== undefined,
    died: told?.died ?? [],
    apart: told?.apart ?? [],
  });
  await stage.discard(deployed);
  const account = { ...report.account, disagreements: [...problems, ...report.account.disagreements] };
  const broken = [...(told?.broken ?? []), ...(review?.(report) ?? [])];
  return { account, marks: report.marks, broken, report, said: told?.said ?? [] };
}

/** Plays both at once and judges. */
export async function prove(stage: Stage, name: string, promised: Play, control: Play): Promise<Proof> {
  const [run, other] = await Promise.allSettled([
    play(stage, promised),
    playControl(async (round) => {
      if (round > 1) await stage.vacant(control.wish.name);
      return play(stage, control);
    }),
  ]);
  if (run.status === "rejected") throw run.reason;
  const controlRun = other.status === "fulfilled" ? other.value : undefined;
  const { verdict, reasons } = judge(run.value, controlRun);
  const doubts = other.status === "rejected" ? [`the control broke off: ${other.reason}`] : [];
  return {
    verdict,
    reasons: [...reasons, ...doubts, ...named(run.value)],
    run: run.value,
    control: controlRun,
    line: tell(name, run.value, controlRun, verdict),
  };
}

const MOST_NAMED = 12;

function named({ account }: Played): string[] {
  const lines = [
    ...account.lost.map(({ number, method, why }) => `lost: ${method} ${number}: ${why}`),
    ...account.doubled.map(({ number, why }) => `doubled: ${number}: ${why}`),
    ...account.disagreements,
  ];
  return lines.slice(0, MOST_NAMED);
}

function tell(name: string, run: Played, control: Played | undefined, verdict: Verdict): string {
  const { account, report } = run;
  const longest = Math.round(Math.max(0, ...report.around.map(({ longestMs }) => longestMs)));
  const also = [
    `longest answer ${longest} ms`,
    ...(account.excused.length > 0 ? [`${account.excused.length} excused`] : []),
    ...(account.apart.length > 0 ? [`${account.apart.length} counted apart`] : []),
    ...(account.replayed > 0 ? [`${account.replayed} replayed`] : []),
    ...run.said,
  ].join("; ");
  const against = control
    ? `${lossesOf(control)} of ${control.account.begun} lost (${inFlightOf(control)} in flight)`
    : "did not run";
  return `${verdict.toUpperCase()}  ${name}: ${account.begun} requests, ${account.verified} verified, ${account.lost.length} lost, in flight at the events: ${inFlightOf(run)}; ${also}. Control: ${against}`;
}

function inFlightOf({ report }: Played): string {
  return report.marks.map(({ inFlight }) => inFlight).join(", ");
}
