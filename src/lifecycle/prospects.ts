// Who can still be served during a stop, and until when newcomers are let in.

import { isInService, isStanding } from "./readiness.ts";
import { HOOK_WINDOW_MS, type Pod, type State } from "./state.ts";

type Leaving = Extract<Pod, { phase: "leaving" }>;

/** The most time that requests in flight have for themselves before the deadline, ms. */
const LAST_CALL_MS = 2_000;

/** A generation stands and takes new requests. */
export function someoneServes({ slots }: State): boolean {
  return slots.some(({ generation }) => generation && isStanding(generation) && isInService(generation));
}

/** A generation is there that serves, or may come to: starting, unreachable for a moment. */
export function someoneMayServe(state: State): boolean {
  return state.slots.some(
    ({ generation }) => generation && generation.lifeline.kind !== "lost" && isInService(generation),
  );
}

/** When held requests lose their last hope, unless a generation comes before; undefined: somebody may still serve. */
export function hopelessFrom(state: State, pod: Leaving): number | undefined {
  if (state.desertedSince === undefined) return undefined;
  // All app containers have ended before a native sidecar gets SIGTERM.
  if (pod.signal !== undefined) return state.desertedSince;
  const isStarting = state.slots.some(({ hook }) => hook?.cameToEmpty && hook.answeredAt === undefined);
  if (isStarting) return pod.since + state.settings.holdTimeoutMs;
  return Math.max(state.desertedSince, pod.since) + HOOK_WINDOW_MS;
}

/**
 * Clients that never pause are served until this moment, since there may be nowhere else for them; then no more are let in,
 * so that nothing has to be cut at the deadline.
 */
export function lastCallAt({ deadline, lameDuckUntil }: Leaving): number {
  return deadline - Math.min(LAST_CALL_MS, Math.max(0, deadline - lameDuckUntil) / 4);
}
