// One step in the making: the state so far and the effects so far. Lives inside `step` only, which is pure.

import type { Effect, Emission } from "./effects.ts";
import { type Generation, generationOf, type Pod, type Slot, type State, slotOf } from "./state.ts";

export interface Turn {
  state: State;
  readonly at: number;
  readonly effects: Effect[];
}

export function patchSlot(turn: Turn, name: string, patch: Partial<Slot>): void {
  const slots = turn.state.slots.map((slot) => (slot.name === name ? { ...slot, ...patch } : slot));
  turn.state = { ...turn.state, slots };
}

/** Changes a generation that is still its slot's present one; otherwise nothing. */
export function patchGeneration(turn: Turn, id: number, patch: Partial<Generation>): void {
  const generation = generationOf(turn.state, id);
  if (generation) patchSlot(turn, generation.slot, { generation: { ...generation, ...patch } });
}

export function setPod(turn: Turn, pod: Pod): void {
  turn.state = { ...turn.state, pod };
}

export function act(turn: Turn, effect: Effect): void {
  turn.effects.push(effect);
}

export function emit(turn: Turn, event: Emission): void {
  turn.effects.push({ do: "emit", event });
}

/** An entry about a generation, with its slot and version filled in. */
export function emitOf(
  turn: Turn,
  generation: Generation,
  event: Omit<Emission, "slot" | "generation" | "version">,
): void {
  emit(turn, { ...event, slot: generation.slot, generation: generation.id, version: generation.version });
}

export function tell(turn: Turn, generation: Generation, line: "active" | "standby" | "superseded"): void {
  if (generation.lifeline.kind === "open") act(turn, { do: "tell", generation: generation.id, line });
}

/** How people call it: `v2 in slot b`. */
export function nameOf(generation: Generation): string {
  return generation.version === undefined
    ? `the app in slot ${generation.slot}`
    : `${generation.version} in slot ${generation.slot}`;
}

export function requireSlot(turn: Turn, name: string): Slot {
  const slot = slotOf(turn.state, name);
  if (!slot) throw new RangeError(`no slot ${name}`);
  return slot;
}
