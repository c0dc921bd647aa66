// Where new requests go: a function of the state.

import { isInService, isStanding } from "./readiness.ts";
import { activeGeneration, type State } from "./state.ts";

export type RouteDecision =
  | {
      readonly to: "generation";
      readonly generation: number;
      readonly slot: string;
      readonly version: string | undefined;
    }
  | { readonly to: "hold" }
  | { readonly to: "refuse" };

export function routeOf(state: State): RouteDecision {
  const { pod } = state;
  if (pod.phase === "leaving" && pod.lastCall) return { to: "refuse" };
  const active = activeGeneration(state);
  if (active && isStanding(active) && isInService(active)) {
    return { to: "generation", generation: active.id, slot: active.slot, version: active.version };
  }
  const over =
    pod.phase === "exiting" || pod.phase === "drained" || (pod.phase === "leaving" && pod.hopeless);
  return { to: over ? "refuse" : "hold" };
}
