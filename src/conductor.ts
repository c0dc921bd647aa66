// Facts in, effects out: keeps the one state of the lifecycle, gives it every event in order, and arms its one timer.

import { afterArrivals } from "./arrival-turns.ts";
import { SluiceError } from "./errors.ts";
import { dueAt } from "./lifecycle/deadlines.ts";
import type { Effect } from "./lifecycle/effects.ts";
import type { Happening } from "./lifecycle/events.ts";
import { type RouteDecision, routeOf } from "./lifecycle/route.ts";
import { type Hint, initialState, type Settings, type State } from "./lifecycle/state.ts";
import { step } from "./lifecycle/step.ts";

export interface ConductorParts {
  readonly settings: Settings;
  readonly hint: Hint | undefined;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  /** The route has changed. Called before the effects of the same step, so that a switch is done when it is reported. */
  readonly onRoute: (route: RouteDecision) => void;
  /** May dispatch. */
  readonly perform: (effect: Effect) => void;
  /** The route could not be handed over, or an effect not be performed: a defect. The others are performed all the same. */
  readonly onDefect: (error: Error, what: string) => void;
}

export interface Conductor {
  readonly state: State;
  /** Throws SluiceError if the lifecycle refuses the order. From within an effect it only queues, and never throws. */
  dispatch(happening: Happening): void;
  /** Disarms the timer; nothing happens by itself any more. */
  stop(): void;
}

export function createConductor(parts: ConductorParts): Conductor {
  const { now, onRoute, perform, onDefect } = parts;
  let state = initialState(parts.settings, now(), parts.hint);
  let route = routeOf(state);
  let timer: NodeJS.Timeout | undefined;
  /** The moment for which the timer is armed, or a tick is on its way. */
  let armedFor: number | undefined;
  let isStopped = false;
  let isRunning = false;
  const queue: Happening[] = [];

  function run(happening: Happening): SluiceError | undefined {
    const next = step(state, { ...happening, at: now() });
    state = next.state;
    const nextRoute = routeOf(state);
    if (!isSame(route, nextRoute)) {
      route = nextRoute;
      attempt("the new route", () => onRoute(nextRoute));
    }
    for (const effect of next.effects) attempt(`the effect ${effect.do}`, () => perform(effect));
    return next.refusal && new SluiceError(next.refusal.code, next.refusal.message);
  }

  // The state has moved on already: what is left out now would be missing for ever, a hook's answer or the exit itself.
  function attempt(what: string, deed: () => void): void {
    try {
      deed();
    } catch (error) {
      onDefect(error instanceof Error ? error : new Error(String(error)), `${what} failed`);
    }
  }

  function drainQueue(): void {
    for (let queued = queue.shift(); queued; queued = queue.shift()) run(queued);
  }

  function arm(): void {
    const due = isStopped ? undefined : dueAt(state);
    // What is due already must not be put off by every event that comes before it.
    if (due === armedFor) return;
    clearTimeout(timer);
    armedFor = due;
    if (due === undefined) return;
    timer = setTimeout(() => afterArrivals(tick), Math.max(0, Math.ceil(due - now())));
  }

  // A hook or a handshake for which a moment was waited may have come before it, and wait to be read.
  function tick(): void {
    armedFor = undefined;
    if (!isStopped) dispatch({ type: "tick" });
  }

  function dispatch(happening: Happening): void {
    if (isRunning) {
      queue.push(happening);
      return;
    }
    isRunning = true;
    try {
      const refusal = run(happening);
      drainQueue();
      if (refusal) throw refusal;
    } finally {
      isRunning = false;
      arm();
    }
  }

  arm();
  return {
    get state() {
      return state;
    },
    dispatch,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

function isSame(one: RouteDecision, other: RouteDecision): boolean {
  if (one.to !== other.to) return false;
  return one.to !== "generation" || other.to !== "generation" || one.generation === other.generation;
}
