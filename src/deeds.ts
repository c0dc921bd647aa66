// Effects become deeds: what the lifecycle asked for is done here, in the order in which it asked.

import { afterArrivals } from "./arrival-turns.ts";
import type { Waiters } from "./drain/hooks.ts";
import type { Tickets } from "./drain/tickets.ts";
import type { Commands } from "./health/commands.ts";
import type { HintContent } from "./health/hint-file.ts";
import type { Lifelines } from "./health/lifelines.ts";
import type { Effect, Emission } from "./lifecycle/effects.ts";
import type { Happening } from "./lifecycle/events.ts";
import type { Engine } from "./proxy/engine.ts";
import type { Timeline } from "./telemetry/events.ts";

/** The key of the Pod's hook among those that wait; no slot can have this name. */
export const POD = "/";

export interface DeedsParts {
  readonly engine: () => Engine;
  readonly lifelines: () => Lifelines;
  readonly commands: () => Commands;
  readonly tickets: Tickets;
  readonly hooks: Waiters<{ readonly outcome: string }>;
  readonly drains: Waiters<{ readonly outcome: string; readonly inFlight: number }>;
  readonly timeline: Timeline;
  readonly dispatch: (happening: Happening) => void;
  /** The handshake that is arriving stands: its stream becomes the generation's lifeline. */
  readonly accept: (generation: number) => void;
  readonly probe: (slot: string) => void;
  readonly saveHint: (hint: HintContent) => void;
  /** Requests in flight in the slot's present generation. */
  readonly inFlightOf: (slot: string) => number;
  /** New requests are refused: nobody who comes now can be served. */
  readonly isRefusing: () => boolean;
  readonly exit: (code: 0 | 70) => void;
}

/** Returns what performs one effect. It never throws and may dispatch. */
export function createDeeds(parts: DeedsParts): (effect: Effect) => void {
  const { engine, lifelines, commands, tickets, hooks, drains, timeline, dispatch } = parts;

  // Nobody can come any more.
  let isDoorClosed = false;

  function emit({ countOf, ...event }: Emission): void {
    const inFlight =
      countOf === undefined
        ? {}
        : { inFlight: countOf === "all" ? tickets.account().inFlight : tickets.inFlight(countOf) };
    timeline.emit({ ...event, details: { ...event.details, ...inFlight } });
  }

  function endStreams(generation: number | undefined, then: () => void): void {
    if (generation === undefined) then();
    // However the streams end, a hook is answered; what went wrong is an unhandled rejection, which is logged.
    else engine().endStreams(generation, 1012).finally(then);
  }

  // What waits in the kernel is read before idleness is reported: the Pod's hook would find the slot drained, and who asks
  // something the Pod. A request may board between the last leave and the report: then the wait begins anew.
  function awaitIdle(generation: number): void {
    tickets.whenIdle(generation).then(() =>
      afterArrivals(() => {
        if (tickets.inFlight(generation) === 0) dispatch({ type: "idle", generation });
        else awaitIdle(generation);
      }),
    );
  }

  function awaitQuiet(): void {
    tickets.whenQuiet().then(() =>
      afterArrivals(() => {
        if (tickets.account().inFlight > 0) awaitQuiet();
        else if (isDoorClosed || parts.isRefusing() || tickets.sinceLastEntry() >= CALM_MS)
          dispatch({ type: "quiet" });
        else setTimeout(awaitQuiet, CALM_MS - tickets.sinceLastEntry());
      }),
    );
  }

  return (effect) => {
    switch (effect.do) {
      case "accept": {
        const { generation, slot, resumed } = effect;
        parts.accept(generation);
        lifelines().tell(generation, { type: "accepted", slot, generation, resumed });
        break;
      }
      case "tell":
        lifelines().tell(effect.generation, { type: effect.line });
        break;
      case "tell-draining":
        lifelines().tell(effect.generation, { type: "draining", deadlineMs: Math.round(effect.deadlineMs) });
        break;
      case "end-lifeline":
        lifelines().end(effect.generation);
        commands().forget(effect.generation);
        break;
      case "await-idle":
        awaitIdle(effect.generation);
        break;
      case "await-quiet":
        awaitQuiet();
        break;
      case "retire":
        engine().retire(effect.generation);
        break;
      case "probe":
        parts.probe(effect.slot);
        break;
      case "answer-slot-hook":
        endStreams(effect.endStreamsOf, () => hooks.answer(effect.slot, { outcome: effect.outcome }));
        break;
      case "answer-pod-hook":
        hooks.answer(POD, { outcome: effect.outcome });
        break;
      case "drain-ended":
        endStreams(effect.endStreamsOf, () =>
          drains.answer(effect.slot, { outcome: effect.outcome, inFlight: parts.inFlightOf(effect.slot) }),
        );
        break;
      case "wind-down":
        engine().windDown(effect.overMs);
        break;
      case "close-door":
        isDoorClosed = true;
        void engine().close();
        break;
      case "wind-up":
        engine().windUp();
        break;
      case "cut":
        engine()
          .endStreams(undefined, 1001)
          .finally(() => dispatch({ type: "cut", count: engine().cut() }));
        break;
      case "save-hint":
        parts.saveHint(effect);
        break;
      case "emit":
        emit(effect.event);
        break;
      case "exit":
        parts.exit(effect.code);
        break;
    }
  };
}

/** A moment without a request between two of a steady stream is no end of it: clients that still come are still served, ms. */
const CALM_MS = 100;
