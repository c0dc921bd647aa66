// How a slot stands, in the words of the API: a function of the state.

import { isInService, waitingFor } from "./readiness.ts";
import type { Slot, State } from "./state.ts";

export type SlotState =
  | "empty"
  | "starting"
  | "standby"
  | "active"
  | "unwinding"
  | "draining"
  | "stopping"
  | "lost";

export interface SlotReport {
  readonly state: SlotState;
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
  readonly gates: Readonly<Record<string, { readonly open: boolean; readonly reason: string }>>;
}

export function reportSlot(state: State, slot: Slot): SlotReport {
  const waiting = waitingFor(state, slot);
  const gates = Object.fromEntries(
    state.settings.gates.map((name) => {
      const gate = slot.generation?.gates[name];
      return [name, { open: gate?.open ?? false, reason: gate?.reason ?? "not opened yet" }];
    }),
  );
  return { state: stateWord(state, slot), ready: waiting.length === 0, waitingFor: waiting, gates };
}

function stateWord(state: State, slot: Slot): SlotState {
  const { generation } = slot;
  if (!generation) return "empty";
  if (generation.lifeline.kind === "lost") return "lost";
  if (generation.stopping) return "stopping";
  if (!isInService(generation)) return "draining";
  if (generation.id === state.active) return "active";
  if (generation.unwinding) return "unwinding";
  return waitingFor(state, slot).length === 0 ? "standby" : "starting";
}
