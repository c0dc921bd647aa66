// The lifecycle: one value and one step. First the event, of which a tick does what is due, then what follows from it.

import { choose, makeActive, tellRoles } from "./choice.ts";
import type { Effect } from "./effects.ts";
import type { Event } from "./events.ts";
import {
  loseLifeline,
  markStopping,
  passLostLifelines,
  refuseHandshake,
  setGate,
  shakeHands,
} from "./generations.ts";
import { markUnreachable, passGates, takeProbe } from "./health.ts";
import { drain, livingGeneration, promote, type Refusal, Refused } from "./orders.ts";
import { askPodHook, passPodDeadlines, settlePod, takeCut, takeQuiet, takeSignal } from "./pod-stop.ts";
import { isReady, waitingFor } from "./readiness.ts";
import { askSlotHook, passSlotDeadlines, takeIdle } from "./slot-stop.ts";
import { type State, slotOf } from "./state.ts";
import { emitOf, nameOf, patchGeneration, type Turn } from "./turn.ts";

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
  /** An illegal order is refused with a reason, and changes nothing. */
  readonly refusal: Refusal | undefined;
}

/** Pure. Times must not go backwards. */
export function step(state: State, event: Event): Step {
  const turn: Turn = { state, at: event.at, effects: [] };
  try {
    refuseUnknownSlot(turn, event);
    apply(turn, event);
    settle(turn);
    return { state: turn.state, effects: turn.effects, refusal: undefined };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { state, effects: [], refusal: error.refusal };
  }
}

function apply(turn: Turn, event: Event): void {
  switch (event.type) {
    case "handshake":
      if (turn.state.pod.phase === "exiting") throw new Refused("STOPPING", "sluice is exiting");
      shakeHands(turn, event);
      break;
    case "handshake-refused":
      refuseHandshake(turn, event.slot, event.version, event.reason);
      break;
    case "lifeline-lost":
      loseLifeline(turn, event.generation);
      break;
    case "probe":
      takeProbe(turn, event);
      break;
    case "refused":
      markUnreachable(turn, event.generation);
      break;
    case "gate": {
      const generation = livingGeneration(turn.state, event.slot);
      if (!turn.state.settings.gates.includes(event.gate)) {
        const known = turn.state.settings.gates.join(", ") || "none";
        throw new Refused("UNKNOWN_GATE", `There is no gate ${event.gate}; configured: ${known}`);
      }
      const expiresAt = event.open && event.ttlMs !== undefined ? turn.at + event.ttlMs : undefined;
      setGate(turn, generation, event.gate, {
        open: event.open,
        reason: event.reason ?? "",
        expiresAt,
      });
      break;
    }
    case "stopping":
      markStopping(turn, livingGeneration(turn.state, event.slot));
      break;
    case "idle":
      takeIdle(turn, event.generation);
      break;
    case "quiet":
      takeQuiet(turn);
      break;
    case "cut":
      takeCut(turn, event.count);
      break;
    case "slot-hook":
      askSlotHook(turn, event.slot);
      break;
    case "pod-hook":
      askPodHook(turn);
      break;
    case "signal":
      takeSignal(turn, event.signal);
      break;
    case "promote":
      promote(turn, event.slot);
      break;
    case "drain":
      drain(turn, event.slot);
      break;
    case "tick":
      // No other event concludes that something did not come: it may be the next one, if sluice was kept from the processor.
      passDeadlines(turn);
      break;
  }
}

function refuseUnknownSlot(turn: Turn, event: Event): void {
  if (!("slot" in event) || slotOf(turn.state, event.slot)) return;
  throw new Refused(
    "UNKNOWN_SLOT",
    `There is no slot ${event.slot}; slots: ${turn.state.settings.slots.join(", ")}`,
  );
}

function passDeadlines(turn: Turn): void {
  passGates(turn);
  passLostLifelines(turn);
  passSlotDeadlines(turn);
  passPodDeadlines(turn);
  const { awaited } = turn.state;
  if (awaited && turn.at >= awaited.until) turn.state = { ...turn.state, awaited: undefined };
}

function settle(turn: Turn): void {
  noteReadiness(turn);
  const { generation, cause } = choose(turn.state);
  makeActive(turn, generation, cause);
  settlePod(turn);
  tellRoles(turn);
}

function noteReadiness(turn: Turn): void {
  for (const slot of turn.state.slots) {
    const { generation } = slot;
    if (!generation) continue;
    const ready = isReady(turn.state.settings, generation);
    if (ready === generation.wasReady) continue;
    patchGeneration(turn, generation.id, { wasReady: ready });
    if (ready) emitOf(turn, generation, { type: "ready", message: `${nameOf(generation)} is ready` });
    else {
      const reason = waitingFor(turn.state, slot).join("; ");
      emitOf(turn, generation, {
        type: "not_ready",
        message: `${nameOf(generation)} is no longer ready: ${reason}`,
      });
    }
  }
}
