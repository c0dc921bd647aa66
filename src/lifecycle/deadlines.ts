// The one timer: the next moment at which the state changes by itself.

import { nextLostLifeline } from "./generations.ts";
import { nextGateExpiry } from "./health.ts";
import { podMoments } from "./pod-stop.ts";
import { slotMoments } from "./slot-stop.ts";
import type { State } from "./state.ts";

/** Monotonic ms of the next tick that the lifecycle needs; undefined: none. */
export function dueAt(state: State): number | undefined {
  const moments = [
    nextGateExpiry(state),
    nextLostLifeline(state),
    state.awaited?.until,
    ...slotMoments(state),
    ...podMoments(state),
  ].filter((moment) => moment !== undefined);
  return moments.length > 0 ? Math.min(...moments) : undefined;
}
