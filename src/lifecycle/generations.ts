// Birth and death of generations: handshake, resumption, supersession, loss.

import type { Event } from "./events.ts";
import {
  type Gate,
  type Generation,
  generationOf,
  type Lifeline,
  RESUME_WINDOW_MS,
  type Slot,
  type State,
} from "./state.ts";
import {
  act,
  emit,
  emitOf,
  nameOf,
  patchGeneration,
  patchSlot,
  requireSlot,
  type Turn,
  tell,
} from "./turn.ts";

type Handshake = Extract<Event, { type: "handshake" }>;

export function shakeHands(turn: Turn, event: Handshake): void {
  const slot = requireSlot(turn, event.slot);
  const present = slot.generation;
  if (present && present.instance === event.instance) resume(turn, present);
  else begin(turn, slot, event);
  act(turn, { do: "probe", slot: slot.name });
}

function resume(turn: Turn, generation: Generation): void {
  patchGeneration(turn, generation.id, { lifeline: { kind: "open" }, told: undefined });
  act(turn, {
    do: "accept",
    generation: generation.id,
    slot: generation.slot,
    resumed: true,
  });
  emitOf(turn, generation, {
    type: "lifeline_resumed",
    message: `${nameOf(generation)} opened its lifeline again`,
  });
}

function begin(turn: Turn, slot: Slot, event: Handshake): void {
  // Its place is taken: the instance that was active before sluice was restarted will not come back.
  if (turn.state.awaited?.slot === slot.name && turn.state.awaited.instance !== event.instance) {
    turn.state = { ...turn.state, awaited: undefined };
  }
  const older = slot.generation;
  if (older && older.lifeline.kind !== "lost") {
    tell(turn, older, "superseded");
    act(turn, { do: "end-lifeline", generation: older.id });
    emitOf(turn, older, {
      type: "superseded",
      message: `${nameOf(older)} is superseded by a newer instance`,
    });
  }
  if (older) {
    callOffOrder(turn, older, "superseded");
    act(turn, { do: "retire", generation: older.id });
  }
  const generation = bear(turn, slot, { kind: "open" }, event);
  act(turn, {
    do: "accept",
    generation: generation.id,
    slot: slot.name,
    resumed: false,
  });
  emitOf(turn, generation, {
    type: "handshake",
    message: `${nameOf(generation)} has shaken hands`,
    details: { instance: event.instance, signals: event.signals.join(",") },
  });
}

interface Origin {
  readonly version: string;
  readonly instance: string;
  readonly signals: readonly string[];
}

function bear(turn: Turn, slot: Slot, lifeline: Lifeline, origin: Origin | undefined): Generation {
  const id = turn.state.nextGeneration;
  const unprobed = turn.state.settings.probe === "off";
  const generation: Generation = {
    id,
    slot: slot.name,
    version: origin?.version,
    instance: origin?.instance,
    signals: origin?.signals ?? [],
    since: turn.at,
    lifeline,
    reachable: true,
    probe: unprobed || !origin ? "passing" : "unknown",
    probeDetail: "",
    failures: 0,
    failingSince: undefined,
    gates: {},
    stopping: false,
    drain: undefined,
    unwinding: false,
    told: undefined,
    wasReady: false,
  };
  turn.state = { ...turn.state, nextGeneration: id + 1 };
  // An answered hook was for the container before; an unanswered one is for this one (R2), which has come now.
  const isOurs = slot.hook !== undefined && slot.hook.answeredAt === undefined;
  const hook = isOurs ? { ...slot.hook, cameToEmpty: false } : undefined;
  patchSlot(turn, slot.name, { generation, hook, refusedHandshake: undefined });
  return generation;
}

/** Without handshakes, a probe that passes is the beginning of a generation. */
export function beginUnannounced(turn: Turn, slot: Slot): void {
  const generation = bear(turn, slot, { kind: "none" }, undefined);
  emitOf(turn, generation, { type: "probe_passed", message: `${nameOf(generation)} answers its probe` });
}

export function refuseHandshake(turn: Turn, slot: string, version: string, reason: string): void {
  requireSlot(turn, slot);
  patchSlot(turn, slot, { refusedHandshake: { version, reason } });
  emit(turn, { type: "handshake_refused", slot, version, message: `${version} in slot ${slot}: ${reason}` });
}

export function loseLifeline(turn: Turn, id: number): void {
  const generation = generationOf(turn.state, id);
  // A lifeline that was superseded is nobody's any more.
  if (generation?.lifeline.kind !== "open") return;
  patchGeneration(turn, generation.id, { lifeline: { kind: "lost", at: turn.at }, told: undefined });
  callOffOrder(turn, generation, "the app ended");
  act(turn, { do: "retire", generation: generation.id });
  emitOf(turn, generation, {
    type: "lifeline_lost",
    message: `${nameOf(generation)} closed its lifeline: its process ended`,
    countOf: generation.id,
  });
}

/** A drain that was ordered ends with what it was about; whoever ordered it, or joined one of a hook, is told. */
export function callOffOrder(turn: Turn, generation: Generation, outcome: string): void {
  const { drain } = generation;
  if (!drain || drain.ended) return;
  if (drain.cause === "order") patchGeneration(turn, generation.id, { drain: undefined });
  act(turn, { do: "drain-ended", slot: generation.slot, outcome, endStreamsOf: undefined });
}

/** A lost generation that did not come back in time is over. */
export function passLostLifelines(turn: Turn): void {
  for (const { generation } of turn.state.slots) {
    if (generation?.lifeline.kind !== "lost" || turn.at < generation.lifeline.at + RESUME_WINDOW_MS) continue;
    bury(turn, generation);
  }
}

export function bury(turn: Turn, generation: Generation): void {
  const slot = requireSlot(turn, generation.slot);
  const hook = slot.hook?.answeredAt === undefined ? slot.hook : undefined;
  patchSlot(turn, slot.name, { generation: undefined, hook });
  emitOf(turn, generation, { type: "generation_gone", message: `${nameOf(generation)} is gone` });
}

export function nextLostLifeline(state: State): number | undefined {
  const times = state.slots.flatMap(({ generation }) =>
    generation?.lifeline.kind === "lost" ? [generation.lifeline.at + RESUME_WINDOW_MS] : [],
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** R6: the app got SIGTERM; it takes no new requests and finishes those that it has. */
export function markStopping(turn: Turn, generation: Generation): void {
  if (generation.stopping) return;
  patchGeneration(turn, generation.id, { stopping: true });
  // An app that closes its server waits for every connection, the idle ones too.
  act(turn, { do: "retire", generation: generation.id });
  emitOf(turn, generation, {
    type: "stopping",
    message: `${nameOf(generation)} got SIGTERM: no new requests, those in flight go on`,
    countOf: generation.id,
  });
}

export function setGate(turn: Turn, generation: Generation, name: string, gate: Gate): void {
  const before = generation.gates[name];
  patchGeneration(turn, generation.id, { gates: { ...generation.gates, [name]: gate } });
  if (before?.open === gate.open) return;
  const why = gate.reason === "" ? "" : `: ${gate.reason}`;
  emitOf(turn, generation, {
    type: gate.open ? "gate_opened" : "gate_closed",
    message: `Gate ${name} of ${nameOf(generation)} is ${gate.open ? "open" : "closed"}${why}`,
    details: { gate: name },
  });
}
