// What an upgrade tells people: progress as it goes, and at the end the account, the timeline, and how things now stand.

import type { TimelineEvent } from "../api/backend.ts";
import { ENDINGS } from "../drain/tickets.ts";
import type { PodResult, Tone } from "../rollout/conduct.ts";
import type { RolloutResult } from "../rollout/rollout.ts";
import { addsUp, type Cost, sumOf } from "../upgrade/tally.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export type Say = (pod: string | undefined, tone: Tone, text: string) => void;

/** Lines such as `  3.2s pod/web-0  slot b: v2 has shaken hands`. */
export function createProgress({ out, paint }: Terminal): Say {
  const began = performance.now();
  const paints = { plain: (text: string) => text, good: paint.green, bad: paint.red } as const;
  return (pod, tone, text) => {
    const time = `${((performance.now() - began) / 1_000).toFixed(1)}s`.padStart(6);
    out(`${paint.dim(time)}  ${pod === undefined ? "" : `pod/${pod}  `}${paints[tone](text)}\n`);
  };
}

export function formatResult(result: RolloutResult, { paint }: Terminal): string {
  const { results } = result;
  if (results.length === 0) return "";
  const costs = results.flatMap(({ cost }) => (cost ? [cost] : []));
  const uncounted = results.filter(({ cost }) => !cost).map(({ pod }) => pod);
  const rows = results.map((one) => [
    { text: one.pod, paint: paint.bold },
    { text: one.outcome.replace("-", " "), paint: one.outcome === "upgraded" ? paint.green : paint.red },
    { text: `${(one.tookMs / 1_000).toFixed(1)}s` },
    { text: one.switchedAfterMs === undefined ? "-" : `${(one.switchedAfterMs / 1_000).toFixed(1)}s` },
    {
      text:
        one.cost?.longestHoldMs === undefined
          ? "-"
          : `${one.cost.isHoldBound ? "≤" : ""}${one.cost.longestHoldMs}ms`,
    },
    { text: one.outcome === "upgraded" ? "" : (one.reason ?? "") },
  ]);
  return [
    "\n",
    formatTable(["POD", "OUTCOME", "TOOK", "SWITCHED AFTER", "LONGEST WAIT", "WHY"], rows),
    costs.length > 0 ? `\n${formatCost(sumOf(costs), costs.length)}` : "",
    uncounted.length > 0
      ? `Not counted, since sluice was restarted or is gone: ${uncounted.join(", ")}\n`
      : "",
    ...results.map(formatTimeline),
  ].join("");
}

function formatCost(cost: Cost, pods: number): string {
  const ends = ENDINGS.map((ending) => `${cost.ended[ending]} ${ending.replaceAll("_", " ")}`);
  const wait =
    cost.longestHoldMs === undefined
      ? ""
      : `, the longest for ${cost.isHoldBound ? "at most " : ""}${cost.longestHoldMs} ms`;
  return [
    `Requests during the upgrade, ${pods === 1 ? "1 Pod" : `${pods} Pods`}:\n`,
    `  ${cost.inFlightBefore} in flight before + ${cost.accepted} accepted = ${ends.join(" + ")} + ${cost.inFlightAfter} in flight after`,
    addsUp(cost) ? "\n" : " (these do not add up: please report it)\n",
    `  ${cost.held} held${wait}; ${cost.replayed} replayed; ${cost.ended.failed + cost.ended.deadline} failed or cut\n`,
    ...cost.failures.map((failure) => `  failed: ${failure}\n`),
  ].join("");
}

/** What happens all the time, and says nothing about the upgrade. */
const LEFT_OUT = new Set(["request_failed", "reload_sent", "reload_ended"]);

function formatTimeline({ pod, timeline }: PodResult): string {
  const events = timeline.filter(({ type }) => !LEFT_OUT.has(type));
  const [first] = events;
  if (!first) return "";
  const rows = events.map((event: TimelineEvent) => [
    { text: `  +${((event.monotonicMs - first.monotonicMs) / 1_000).toFixed(3)}s` },
    { text: event.type },
    { text: event.message },
  ]);
  return `\nTimeline of ${pod}, from ${first.time}:\n${formatTable(["", "", ""], rows).replace(/^.*\n/, "")}`;
}
