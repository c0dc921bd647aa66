// How a run went, moment by moment: the client's entries in slices of time, and what sluice told meanwhile. Pure.

import { percentile } from "./figures.ts";
import type { Entry } from "./ledger.ts";
import type { Happening } from "./timeline.ts";
import type { EventMark } from "./verdict.ts";

export interface Slice {
  /** Its end, ms since the run's first request. */
  readonly at: number;
  /** Right answers by version. */
  readonly answered: Readonly<Record<string, number>>;
  /** Of right answers that the app was not asked to think about, ms; undefined: none came. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly worst: number | undefined;
}

export interface Course {
  readonly sliceMs: number;
  readonly slices: readonly Slice[];
  /** In the order in which they answered first. */
  readonly versions: readonly string[];
  /** Requests without a right answer. */
  readonly lost: readonly { readonly at: number; readonly ms: number; readonly words: string }[];
  readonly events: readonly { readonly at: number; readonly type: string; readonly words: string }[];
  /** What the test itself did. */
  readonly marks: readonly { readonly at: number; readonly words: string }[];
}

const MOST_SLICES = 160;
const LEAST_SLICE_MS = 40;
/** More are lost than a picture can show. */
const MOST_LOST = 300;
/** What sluice tells all the time, and a picture of latencies is not about. */
const LEFT_OUT: ReadonlySet<string> = new Set(["request_failed", "started", "hint_loaded"]);

/** Times of entries, happenings and marks are by the same clock; those of the course begin with the first request. */
export function courseOf(
  entries: readonly Entry[],
  happenings: readonly Happening[],
  marks: readonly EventMark[],
): Course {
  const begin = entries.reduce((first, { sentAt }) => Math.min(first, sentAt), Number.POSITIVE_INFINITY);
  const end = entries.reduce((last, { doneAt }) => Math.max(last, doneAt), begin);
  if (entries.length === 0)
    return { sliceMs: LEAST_SLICE_MS, slices: [], versions: [], lost: [], events: [], marks: [] };
  const sliceMs = Math.max(LEAST_SLICE_MS, (end - begin) / MOST_SLICES);
  const count = Math.max(1, Math.ceil((end - begin) / sliceMs));
  const groups = Array.from({ length: count }, (): Entry[] => []);
  const good = entries.filter(({ failure }) => failure === undefined);
  for (const entry of good)
    groups[Math.min(count - 1, Math.floor((entry.doneAt - begin) / sliceMs))]!.push(entry);
  return {
    sliceMs,
    slices: groups.map((group, index) => sliceOf(group, (index + 1) * sliceMs)),
    versions: [...new Set([...good].sort((one, other) => one.doneAt - other.doneAt).map(versionOf))],
    lost: entries
      .filter(({ failure }) => failure !== undefined)
      .slice(0, MOST_LOST)
      .map(({ number, method, sentAt, doneAt, failure, detail }) => ({
        at: doneAt - begin,
        ms: doneAt - sentAt,
        words: `${method} ${number}: ${failure} ${detail}`.trim(),
      })),
    events: happenings
      .filter(({ type, seenAt }) => !LEFT_OUT.has(type) && seenAt >= begin && seenAt <= end + sliceMs)
      .map(({ type, message, seenAt }) => ({ at: seenAt - begin, type, words: message })),
    marks: marks.filter(({ at }) => at >= begin).map(({ at, what }) => ({ at: at - begin, words: what })),
  };
}

function sliceOf(group: readonly Entry[], at: number): Slice {
  const answered: Record<string, number> = {};
  for (const entry of group) answered[versionOf(entry)] = (answered[versionOf(entry)] ?? 0) + 1;
  const latencies = group.filter(({ slow }) => !slow).map(({ sentAt, doneAt }) => doneAt - sentAt);
  const of = (p: number) => (latencies.length === 0 ? undefined : percentile(latencies, p));
  return { at, answered, p50: of(0.5), p99: of(0.99), worst: of(1) };
}

function versionOf({ version }: Entry): string {
  return version ?? "the target";
}
