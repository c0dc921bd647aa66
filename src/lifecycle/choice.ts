// Which generation is active. Traffic moves by itself only off a generation that cannot serve, to one that can, or to a
// version that has never been active in this Pod. So a crash never flaps, a bad version that comes back does not take over
// again, and going back is an order.

import { isInService, isReady, isStanding } from "./readiness.ts";
import { activeGeneration, type Generation, generationOf, type State } from "./state.ts";
import { act, emit, emitOf, nameOf, patchGeneration, patchSlot, type Turn, tell } from "./turn.ts";

/** Why a generation became active. */
export type SwitchCause = "new_version" | "cannot_serve" | "none_active" | "restored" | "promoted";

const REASONS: Readonly<Record<SwitchCause, string>> = {
  new_version: "its version was never active in this Pod",
  cannot_serve: "the slot that was active cannot serve",
  none_active: "no slot was active",
  restored: "it was active before sluice was restarted",
  promoted: "promoted by an order",
};

interface Choice {
  readonly generation: Generation | undefined;
  readonly cause: SwitchCause;
}

/** Who should be active now, and why. */
export function choose(state: State): Choice {
  const { settings, pod, awaited } = state;
  const current = activeGeneration(state);
  const ready = state.slots.flatMap((slot) =>
    slot.generation && isReady(settings, slot.generation) ? [slot.generation] : [],
  );

  if (current && isReady(settings, current)) {
    const mayMove = settings.switch === "auto" && pod.phase === "serving";
    const fresh = mayMove ? ready.find((candidate) => isNewVersion(state, candidate)) : undefined;
    return { generation: fresh ?? current, cause: "new_version" };
  }

  const others = ready.filter((candidate) => candidate.id !== current?.id);
  const returning = awaited && others.find((candidate) => candidate.instance === awaited.instance);
  if (returning) return { generation: returning, cause: "restored" };
  if (awaited === undefined && others.length > 0) {
    return { generation: preferred(state, others), cause: current ? "cannot_serve" : "none_active" };
  }
  // R9: with nowhere to go, what arrives is still sent to a slot that stands.
  const stays = current && isStanding(current) && isInService(current) ? current : undefined;
  return { generation: stays, cause: "none_active" };
}

function isNewVersion(state: State, candidate: Generation): boolean {
  return candidate.version !== undefined && !state.everActive.includes(candidate.version);
}

/** The one that was active last, else a version that was active before, else the one that has been ready longest. */
function preferred(state: State, candidates: readonly Generation[]): Generation {
  const rank = (candidate: Generation) =>
    candidate.id === state.lastActive ? 0 : isNewVersion(state, candidate) ? 2 : 1;
  return [...candidates].sort((a, b) => rank(a) - rank(b) || a.since - b.since)[0]!;
}

/** Makes `next` active: one assignment. The old generation, if it still stands, unwinds. */
export function makeActive(turn: Turn, next: Generation | undefined, cause: SwitchCause): void {
  const before = turn.state.active;
  if (next?.id === before) return;
  const old = generationOf(turn.state, before);
  turn.state = { ...turn.state, active: next?.id, lastActive: next?.id ?? before };
  if (next) {
    const everActive =
      next.version === undefined || turn.state.everActive.includes(next.version)
        ? turn.state.everActive
        : [...turn.state.everActive, next.version];
    turn.state = { ...turn.state, everActive, awaited: undefined };
    patchGeneration(turn, next.id, { unwinding: false });
    patchSlot(turn, next.slot, { expectedUntil: undefined });
    const from = old ? ` from ${nameOf(old)}` : "";
    emitOf(turn, next, {
      type: "switch",
      message: `New requests go to ${nameOf(next)}${from}: ${REASONS[cause]}`,
      details: { cause, ...(old ? { fromGeneration: old.id, fromSlot: old.slot } : {}) },
    });
    act(turn, { do: "save-hint", versions: everActive, instance: next.instance, slot: next.slot });
  } else if (turn.state.pod.phase === "serving" || turn.state.pod.phase === "leaving") {
    emit(turn, {
      type: "hold_began",
      message: "No slot can take new requests: they are held",
      countOf: "all",
    });
  }
  if (old) unwind(turn, old);
}

function unwind(turn: Turn, old: Generation): void {
  // A drain by hook or order has its own entries and waits for idle itself; a dead process finishes nothing.
  const unwinding = old.drain === undefined && old.lifeline.kind !== "lost";
  patchGeneration(turn, old.id, { unwinding, told: undefined });
  act(turn, { do: "retire", generation: old.id });
  if (!unwinding) return;
  emitOf(turn, old, {
    type: "drain_began",
    message: `${nameOf(old)} takes no new requests and finishes those that it has`,
    details: { cause: "switch" },
    countOf: old.id,
  });
  act(turn, { do: "await-idle", generation: old.id });
}

/** Tells each app what it is now, once for each change. */
export function tellRoles(turn: Turn): void {
  for (const { generation } of turn.state.slots) {
    if (!generation || generation.lifeline.kind === "lost") continue;
    const isActive = generation.id === turn.state.active;
    const role = isActive
      ? "active"
      : isReady(turn.state.settings, generation) && !generation.unwinding
        ? "standby"
        : generation.told;
    if (role === undefined || role === generation.told) continue;
    patchGeneration(turn, generation.id, { told: role });
    tell(turn, generation, role);
    if (role === "standby") {
      emitOf(turn, generation, {
        type: "standby",
        message: `${nameOf(generation)} stands by, kept for going back`,
      });
    }
  }
}
