// What an upgrade cost: the account before and after, summed over the Pods.

import type { Status, TimelineEvent } from "../api/backend.ts";
import { ENDINGS, type Ending } from "../drain/tickets.ts";

export interface Cost {
  readonly accepted: number;
  readonly ended: Readonly<Record<Ending, number>>;
  /** In flight at the beginning and at the end. */
  readonly inFlightBefore: number;
  readonly inFlightAfter: number;
  readonly held: number;
  readonly replayed: number;
  /** Longest wait of a held request that ended meanwhile, ms; undefined: none was held. */
  readonly longestHoldMs: number | undefined;
  /** The longest wait is not known exactly: an earlier one was longer. */
  readonly isHoldBound: boolean;
  /** Each failed request, in words. */
  readonly failures: readonly string[];
}

/** What only grows while sluice runs. */
export type Reading = Pick<Status, "account" | "uptimeMs"> & Partial<Pick<Status, "holds" | "replayed">>;

/** What a sidecar that is older than this command does not tell. */
const NO_HOLDS = { total: 0, longestMs: 0 };

/** Undefined where sluice was restarted in between: its counts began anew. */
export function costBetween(
  first: Reading,
  last: Reading,
  events: readonly TimelineEvent[],
): Cost | undefined {
  if (last.uptimeMs < first.uptimeMs) return undefined;
  const { holds: holdsBefore = NO_HOLDS, replayed: replayedBefore = 0 } = first;
  const { holds = NO_HOLDS, replayed = 0 } = last;
  const held = holds.total - holdsBefore.total;
  const ended = { ...first.account.ended };
  for (const ending of ENDINGS) ended[ending] = last.account.ended[ending] - first.account.ended[ending];
  return {
    accepted: last.account.accepted - first.account.accepted,
    ended,
    inFlightBefore: first.account.inFlight,
    inFlightAfter: last.account.inFlight,
    held,
    replayed: replayed - replayedBefore,
    longestHoldMs: held > 0 ? holds.longestMs : undefined,
    isHoldBound: held > 0 && holds.longestMs === holdsBefore.longestMs,
    failures: events.filter(({ type }) => type === "request_failed").map(({ message }) => message),
  };
}

export function sumOf(costs: readonly Cost[]): Cost {
  return costs.reduce((sum, cost) => ({
    accepted: sum.accepted + cost.accepted,
    ended: addedUp(sum.ended, cost.ended),
    inFlightBefore: sum.inFlightBefore + cost.inFlightBefore,
    inFlightAfter: sum.inFlightAfter + cost.inFlightAfter,
    held: sum.held + cost.held,
    replayed: sum.replayed + cost.replayed,
    longestHoldMs: longer(sum, cost).longestHoldMs,
    isHoldBound: longer(sum, cost).isHoldBound,
    failures: [...sum.failures, ...cost.failures],
  }));
}

/** In flight before + accepted = ended + in flight after. */
export function addsUp({ inFlightBefore, accepted, ended, inFlightAfter }: Cost): boolean {
  const out = ENDINGS.reduce((sum, ending) => sum + ended[ending], 0);
  return inFlightBefore + accepted === out + inFlightAfter;
}

function addedUp(
  left: Readonly<Record<Ending, number>>,
  right: Readonly<Record<Ending, number>>,
): Readonly<Record<Ending, number>> {
  const sum = { ...left };
  for (const ending of ENDINGS) sum[ending] += right[ending];
  return sum;
}

function longer(left: Cost, right: Cost): Cost {
  return (right.longestHoldMs ?? -1) > (left.longestHoldMs ?? -1) ? right : left;
}
