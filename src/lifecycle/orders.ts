// Orders from people and pipelines: promote, drain. An order that cannot be carried out is refused with the reason.

import { makeActive } from "./choice.ts";
import { callOffOrder } from "./generations.ts";
import { ailments } from "./readiness.ts";
import { beginDrain } from "./slot-stop.ts";
import { type Generation, type State, slotOf } from "./state.ts";
import { act, nameOf, patchGeneration, type Turn } from "./turn.ts";

export type RefusalCode =
  | "UNKNOWN_SLOT"
  | "UNKNOWN_GATE"
  | "NO_GENERATION"
  | "NOT_READY"
  | "DRAINING"
  | "STOPPING";

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Thrown inside `step`, returned by it. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.refusal = { code, message };
  }
}

/** The living generation of a slot; refuses if there is none. */
export function livingGeneration(state: State, name: string): Generation {
  const slot = slotOf(state, name);
  if (!slot)
    throw new Refused("UNKNOWN_SLOT", `There is no slot ${name}; slots: ${state.settings.slots.join(", ")}`);
  if (!slot.generation || slot.generation.lifeline.kind === "lost") {
    throw new Refused("NO_GENERATION", `No app has shaken hands in slot ${name}`);
  }
  return slot.generation;
}

export function promote(turn: Turn, name: string): void {
  const generation = livingGeneration(turn.state, name);
  refuseWhileLeaving(turn.state);
  const hook = slotOf(turn.state, name)!.hook;
  if (hook || generation.drain?.cause === "hook") {
    throw new Refused("DRAINING", `${nameOf(generation)} is draining: its container is being stopped`);
  }
  if (generation.stopping) throw new Refused("STOPPING", `${nameOf(generation)} got SIGTERM`);
  const obstacles = ailments(turn.state.settings, generation);
  if (obstacles.length > 0) {
    throw new Refused("NOT_READY", `${nameOf(generation)} is not ready: ${obstacles.join("; ")}`);
  }
  if (generation.drain) {
    callOffOrder(turn, generation, "ended by promote");
    patchGeneration(turn, generation.id, { drain: undefined });
  }
  makeActive(turn, livingGeneration(turn.state, name), "promoted");
}

export function drain(turn: Turn, name: string): void {
  const generation = livingGeneration(turn.state, name);
  refuseWhileLeaving(turn.state);
  if (generation.drain) {
    if (generation.drain.ended) {
      act(turn, { do: "drain-ended", slot: name, outcome: "already drained", endStreamsOf: undefined });
    }
    return;
  }
  beginDrain(turn, generation, "order", turn.at + turn.state.settings.slotDrainMs);
}

function refuseWhileLeaving(state: State): void {
  if (state.pod.phase !== "serving") throw new Refused("STOPPING", "The Pod is leaving");
}
