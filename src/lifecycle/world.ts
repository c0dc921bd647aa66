// A lifecycle with a clock of its own, for tests of its rules: nothing here waits.

import { dueAt } from "./deadlines.ts";
import type { Effect, Emission } from "./effects.ts";
import type { Happening } from "./events.ts";
import type { Refusal } from "./orders.ts";
import { readiness } from "./readiness.ts";
import { type RouteDecision, routeOf } from "./route.ts";
import { type Generation, type Hint, initialState, type Settings, type State, slotOf } from "./state.ts";
import { step } from "./step.ts";

const SETTINGS: Settings = {
  slots: ["a", "b"],
  handshake: "required",
  probe: "on",
  probeFailures: 3,
  gates: [],
  switch: "auto",
  graceMs: 30_000,
  drainDelayMs: 5_000,
  slotDrainMs: 10_000,
  exitReserveMs: 5_000,
  holdTimeoutMs: 15_000,
};

export interface World {
  readonly state: State;
  readonly at: number;
  /** Effects since the last call of `take`. */
  readonly effects: readonly Effect[];
  readonly route: RouteDecision;
  readonly ready: boolean;
  readonly reason: string;
  send(happening: Happening): Refusal | undefined;
  /** Lets time pass, with a tick at each moment that is due. */
  pass(ms: number): void;
  take(): readonly Effect[];
  events(): readonly Emission["type"][];
  generation(slot: string): Generation;
  /** Handshake and a passed probe. */
  boot(slot: string, version: string, instance?: string): void;
  /** What has been answered since the last `take`: "pod" and names of slots, in order. */
  answered(): readonly string[];
}

export function createWorld(settings: Partial<Settings> = {}, hint?: Hint): World {
  let at = 1_000;
  let state = initialState({ ...SETTINGS, ...settings }, at, hint);
  let effects: Effect[] = [];
  let instances = 0;

  function send(happening: Happening): Refusal | undefined {
    const next = step(state, { ...happening, at });
    state = next.state;
    effects.push(...next.effects);
    return next.refusal;
  }

  return {
    get state() {
      return state;
    },
    get at() {
      return at;
    },
    get effects() {
      return effects;
    },
    get route() {
      return routeOf(state);
    },
    get ready() {
      return readiness(state, at).ready;
    },
    get reason() {
      return readiness(state, at).reason;
    },
    send,
    pass(ms) {
      const until = at + ms;
      for (let due = dueAt(state); due !== undefined && due <= until; due = dueAt(state)) {
        at = Math.max(at, due);
        send({ type: "tick" });
        if ((dueAt(state) ?? Number.POSITIVE_INFINITY) <= at)
          throw new Error(
            `the tick at ${at} did not do what was due: the timer would be armed again and again`,
          );
      }
      at = until;
    },
    take() {
      const taken = effects;
      effects = [];
      return taken;
    },
    events: () => effects.flatMap((effect) => (effect.do === "emit" ? [effect.event.type] : [])),
    generation(slot) {
      const generation = slotOf(state, slot)?.generation;
      if (!generation) throw new Error(`slot ${slot} has no generation`);
      return generation;
    },
    boot(slot, version, instance = `instance-${++instances}`) {
      send({ type: "handshake", slot, version, instance, signals: ["SIGTERM"] });
      send({ type: "probe", slot, ok: true, refused: false, detail: "answered 200" });
    },
    answered: () =>
      effects.flatMap((effect) =>
        effect.do === "answer-slot-hook" ? [effect.slot] : effect.do === "answer-pod-hook" ? ["pod"] : [],
      ),
  };
}
