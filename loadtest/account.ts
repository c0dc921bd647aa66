// The three accounts side by side: what the client wrote and got, what sluice says that it took and ended, and what the
// apps wrote down. Pure: evidence in, account out. What does not agree is named by number.

import type { Entry } from "./ledger.ts";
import { numberOf, requestIdOf } from "./question.ts";
import type { Execution } from "./record-file.ts";

/** The account of one sluice process, once it was quiet or had ended. */
export interface SluiceAccount {
  readonly accepted: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly inFlight: number;
}

/** A `request_failed` entry of sluice's timeline. */
export interface FailedRequest {
  readonly requestId: string;
  readonly method: string;
  readonly written: boolean;
  /** It failed when it had been sent a second time, which is once only. */
  readonly replayed: boolean;
  readonly code: string;
  readonly generation: number;
}

export interface Evidence {
  readonly run: string;
  readonly entries: readonly Entry[];
  readonly executions: readonly Execution[];
  /** WebSockets, event streams and slow heads that were asked of sluice, beside the entries. */
  readonly others: number;
  /** One per sluice process; empty where none stood between client and app. */
  readonly sluices: readonly SluiceAccount[];
  /** Another load ran beside ours, so sluice's sums are higher by an unknown number. */
  readonly hasBackground: boolean;
  readonly failed: readonly FailedRequest[];
  /** Whether the scenario excuses a POST that had reached a dying app at all. */
  readonly excuses: boolean;
  /** Generations whose process was killed or exited, as whoever killed it saw it. */
  readonly died: ReadonlySet<number>;
  /** The app's connection was reset on purpose while its process lived. */
  readonly wasReset: boolean;
  /** A reason to count a failure apart (nobody promised to listen then); undefined: none. */
  readonly apart: (entry: Entry) => string | undefined;
}

export interface Named {
  readonly number: number;
  readonly method: string;
  readonly why: string;
}

export interface Account {
  readonly begun: number;
  /** Requests written to a connection that stood. */
  readonly written: number;
  /** Answered, whole, right, by a version that wrote the number down. */
  readonly verified: number;
  readonly byVersion: Readonly<Record<string, number>>;
  readonly lost: readonly Named[];
  readonly excused: readonly Named[];
  readonly apart: readonly Named[];
  /** Requests of idempotent methods that were executed twice. */
  readonly replayed: number;
  /** POSTs that were executed twice. */
  readonly doubled: readonly Named[];
  readonly executed: number;
  readonly disagreements: readonly string[];
  readonly sluices: readonly SluiceAccount[];
}

const NOT_TWICE = "POST";

/** Settles the accounts of one run. */
export function settle(evidence: Evidence): Account {
  const { entries, executions, run } = evidence;
  const executedBy = groupByNumber(executions);
  const failedById = new Map(evidence.failed.map((failed) => [failed.requestId, failed]));
  const begun = new Set(entries.map((entry) => entry.number));
  const byVersion: Record<string, number> = {};
  const lost: Named[] = [];
  const excused: Named[] = [];
  const apart: Named[] = [];
  const doubled: Named[] = [];
  const disagreements: string[] = [];
  let verified = 0;
  let replayed = 0;

  for (const entry of entries) {
    const times = executedBy.get(entry.number) ?? [];
    const failed = failedById.get(requestIdOf(run, entry.number));
    if (times.length > 1 && entry.method === NOT_TWICE)
      doubled.push(nameOf(entry, `executed by ${times.map((one) => one.version).join(" and ")}`));
    else if (times.length > 1) replayed++;
    if (entry.failure === undefined) {
      verified++;
      byVersion[entry.version ?? "?"] = (byVersion[entry.version ?? "?"] ?? 0) + 1;
      if (!times.some((one) => one.version === entry.version))
        disagreements.push(
          `request ${entry.number}: answered by ${entry.version}, which never wrote it down`,
        );
      if (failed)
        disagreements.push(
          `request ${entry.number}: verified by the client, failed by sluice's timeline (${failed.code})`,
        );
      continue;
    }
    const setApart = evidence.apart(entry);
    const excuse = findExcuse(entry, failed, evidence);
    if (setApart !== undefined) apart.push(nameOf(entry, setApart));
    else if (excuse !== undefined) excused.push(nameOf(entry, `${excuse}; executed ${times.length}x`));
    else lost.push(nameOf(entry, describe(entry, times.length, failed)));
  }

  for (const [number, times] of executedBy) {
    if (number >= 0 && !begun.has(number))
      disagreements.push(`request ${number}: executed by ${times[0]?.version}, never sent`);
  }
  for (const failed of evidence.failed) {
    const number = numberOf(run, failed.requestId);
    if (number !== undefined && !begun.has(number))
      disagreements.push(`request ${number}: failed by sluice's timeline, never sent`);
  }
  disagreements.push(...compareSums(evidence));
  return {
    begun: entries.length,
    written: entries.filter((entry) => entry.written).length,
    verified,
    byVersion,
    lost,
    excused,
    apart,
    replayed,
    doubled,
    executed: executions.length,
    disagreements,
    sluices: evidence.sluices,
  };
}

function groupByNumber(executions: readonly Execution[]): Map<number, Execution[]> {
  const groups = new Map<number, Execution[]>();
  for (const execution of executions) {
    const group = groups.get(execution.number);
    if (group) group.push(execution);
    else groups.set(execution.number, [execution]);
  }
  return groups;
}

function nameOf(entry: Entry, why: string): Named {
  return { number: entry.number, method: entry.method, why };
}

function describe(entry: Entry, times: number, failed: FailedRequest | undefined): string {
  const said = failed
    ? `sluice: ${failed.code}, ${failed.written ? "" : "nothing "}written to generation ${failed.generation}`
    : "sluice says nothing of it";
  return `${entry.failure} (${entry.detail}); executed ${times}x; ${said}`;
}

/**
 * The one excuse: a POST of which sluice reports a byte written to a generation that, as we saw ourselves, died. Over a relay
 * that resets connections, a request whose one replay met a second fault is excused like a POST.
 */
function findExcuse(entry: Entry, failed: FailedRequest | undefined, evidence: Evidence): string | undefined {
  if (!evidence.excuses || !failed?.written) return undefined;
  if (entry.method !== NOT_TWICE && !(evidence.wasReset && failed.replayed)) return undefined;
  if (evidence.died.has(failed.generation))
    return `${failed.code}: written to generation ${failed.generation}, which died`;
  if (evidence.wasReset)
    return `${failed.code}: written to generation ${failed.generation} over a connection that was reset`;
  return undefined;
}

/** Sluice's sums against themselves, and against the client's. */
function compareSums({ sluices, entries, others, hasBackground }: Evidence): string[] {
  if (sluices.length === 0) return [];
  const problems: string[] = [];
  let accepted = 0;
  let answered = 0;
  let unsuccessful = 0;
  for (const { accepted: taken, ended, inFlight } of sluices) {
    const sum = Object.values(ended).reduce((total, count) => total + count, inFlight);
    if (sum !== taken) problems.push(`sluice: accepted ${taken}, but ended + in flight is ${sum}`);
    if (inFlight !== 0) problems.push(`sluice: ${inFlight} requests in flight after the client had stopped`);
    accepted += taken;
    answered += ended.answered ?? 0;
    unsuccessful += taken - inFlight - (ended.answered ?? 0);
  }
  if (hasBackground) return problems;
  const written = entries.filter((entry) => entry.written).length;
  // Of a request without any answer nobody can say whether it reached sluice.
  const unanswered = entries.filter((entry) => entry.written && entry.status === 0).length;
  const whole = entries.filter((entry) => entry.status > 0 && entry.status < 500).length;
  within(problems, "accepted", accepted, written - unanswered, written + others, "written by the client");
  within(problems, "answered", answered, whole, whole + unanswered + others, "whole answers at the client");
  const failures = written - unanswered - whole;
  within(
    problems,
    "refused, failed or aborted",
    unsuccessful,
    failures,
    failures + unanswered + others,
    "failures at the client",
  );
  return problems;
}

function within(
  problems: string[],
  what: string,
  value: number,
  least: number,
  most: number,
  whose: string,
): void {
  if (value >= least && value <= most) return;
  problems.push(
    `sluice: ${value} ${what}, against ${least === most ? least : `${least} to ${most}`} ${whose}`,
  );
}
