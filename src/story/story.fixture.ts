// Events and samples as a sluice would tell them, for the tests of stories.

import type { FlowSample, TimelineEvent } from "../api/backend.ts";

type Row = readonly [
  at: number,
  type: string,
  about?: string,
  details?: TimelineEvent["details"],
  message?: string,
];

/** Rows such as [1000, "handshake", "b/2/v2"]: time, type, slot/generation/version. */
export function eventsFrom(rows: readonly Row[]): readonly TimelineEvent[] {
  return rows.map(([at, type, about = "", details = {}, message = type], index) => {
    const [slot, generation, version] = about.split("/");
    return {
      id: index + 1,
      time: new Date(Date.UTC(2026, 0, 31, 9, 30) + at).toISOString(),
      monotonicMs: at,
      type,
      slot: slot || undefined,
      generation: generation ? Number(generation) : undefined,
      version: version || undefined,
      message,
      details,
    };
  });
}

/** One sample each 100 ms, with `answered` by the generation that `by` names at that time. */
export function samplesFrom(until: number, by: (at: number) => number, answered = 10): readonly FlowSample[] {
  return Array.from({ length: Math.floor(until / 100) }, (_, index): FlowSample => {
    const at = (index + 1) * 100;
    const generation = by(at);
    return {
      ...{ id: index + 1, time: "", monotonicMs: at, spanMs: 100, event: undefined, accepted: answered },
      ...{ inFlight: 1, held: 0, holds: 0, longestHoldMs: 0, replayed: 0 },
      ended: { answered, client_aborted: 0, refused: 0, failed: 0, deadline: 0 },
      slots: [
        {
          ...{ slot: generation === 1 ? "a" : "b", generation, version: `v${generation}`, inFlight: 1 },
          ...{ answered, failed: 0, latency: [generation === 1 ? 80 : 120, answered] },
        },
      ],
    };
  });
}
