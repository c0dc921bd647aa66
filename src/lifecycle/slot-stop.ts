// The stop of one slot, by its container's hook or by an order: R1, R4, R7 of docs/stop.md.

import { callOffOrder } from "./generations.ts";
import {
  EXPIRY_SLACK_MS,
  type Generation,
  generationOf,
  HOOK_WINDOW_MS,
  type Slot,
  type State,
} from "./state.ts";
import { act, emit, emitOf, nameOf, patchGeneration, patchSlot, requireSlot, type Turn } from "./turn.ts";

export function askSlotHook(turn: Turn, name: string): void {
  const slot = requireSlot(turn, name);
  const { pod } = turn.state;
  if (slot.hook && slot.hook.answeredAt === undefined) return;
  const isEmpty = !slot.generation || slot.generation.lifeline.kind === "lost";
  emit(turn, {
    type: "hook_asked",
    slot: name,
    ...(slot.generation ? { generation: slot.generation.id, version: slot.generation.version } : {}),
    message: isEmpty
      ? `Slot ${name}'s hook was called; no app is there`
      : `Slot ${name}'s hook was called: its container is being stopped`,
    details: { hook: "slot" },
  });
  // The same order twice is one order; after its app's end it is another one, for the container that starts there (R2).
  const again = slot.hook !== undefined && !isEmpty;
  if (!again)
    patchSlot(turn, name, { hook: { askedAt: turn.at, cameToEmpty: isEmpty, answeredAt: undefined } });
  if (again || pod.phase === "drained" || pod.phase === "exiting")
    answerSlotHook(turn, name, "already drained");
}

export function answerSlotHook(turn: Turn, name: string, outcome: string, endStreamsOf?: number): void {
  const { hook, generation } = requireSlot(turn, name);
  if (!hook) return;
  act(turn, { do: "answer-slot-hook", slot: name, outcome, endStreamsOf });
  // Without a generation there is nothing that the order could expire for.
  patchSlot(turn, name, {
    hook: generation ? { ...hook, answeredAt: hook.answeredAt ?? turn.at } : undefined,
  });
  // No lifeline tells of its end: it has to be seen between its going and its successor's coming.
  if (generation?.lifeline.kind === "none") act(turn, { do: "probe", slot: name });
  emit(turn, {
    type: "hook_answered",
    slot: name,
    ...(generation ? { generation: generation.id, version: generation.version } : {}),
    message: `Slot ${name}'s hook was answered: ${outcome}`,
    details: { hook: "slot", outcome, waitedMs: Math.round(turn.at - hook.askedAt) },
  });
}

export function beginDrain(
  turn: Turn,
  generation: Generation,
  cause: "hook" | "order",
  deadline: number,
): void {
  patchGeneration(turn, generation.id, {
    drain: { cause, since: turn.at, deadline, ended: false },
    told: undefined,
  });
  emitOf(turn, generation, {
    type: "drain_began",
    message: `${nameOf(generation)} takes no new requests and finishes those that it has, within ${Math.round(deadline - turn.at)} ms`,
    details: { cause },
    countOf: generation.id,
  });
  if (generation.lifeline.kind === "open") {
    act(turn, {
      do: "tell-draining",
      generation: generation.id,
      deadlineMs: Math.max(0, deadline - turn.at),
    });
  }
  act(turn, { do: "retire", generation: generation.id });
  act(turn, { do: "await-idle", generation: generation.id });
}

/** The generation's last request has left. */
export function takeIdle(turn: Turn, id: number): void {
  const generation = generationOf(turn.state, id);
  if (!generation) return;
  const { drain } = generation;
  if (drain && !drain.ended) endDrain(turn, generation, "drained", undefined);
  else if (generation.unwinding) {
    patchGeneration(turn, id, { unwinding: false });
    emitOf(turn, generation, {
      type: "drain_ended",
      message: `${nameOf(generation)} has finished the requests that it had`,
      details: { cause: "switch" },
      countOf: id,
    });
  }
}

function endDrain(
  turn: Turn,
  generation: Generation,
  outcome: string,
  endStreamsOf: number | undefined,
): void {
  const drain = generation.drain!;
  patchGeneration(turn, generation.id, { drain: { ...drain, ended: true }, unwinding: false });
  emitOf(turn, generation, {
    type: "drain_ended",
    message:
      endStreamsOf === undefined
        ? `${nameOf(generation)} has finished the requests that it had`
        : `${nameOf(generation)} reached its drain's deadline; what is in flight goes on with the app`,
    details: { cause: drain.cause, durationMs: Math.round(turn.at - drain.since), outcome },
    countOf: generation.id,
  });
  if (drain.cause === "hook") answerSlotHook(turn, generation.slot, outcome, endStreamsOf);
  // An order may have joined the drain of a hook.
  act(turn, { do: "drain-ended", slot: generation.slot, outcome, endStreamsOf });
}

/** Everything about slots for which a moment has come. */
export function passSlotDeadlines(turn: Turn): void {
  for (const { name } of turn.state.slots) {
    passDrainDeadline(turn, requireSlot(turn, name));
    passHookWindow(turn, requireSlot(turn, name));
    passHookExpiry(turn, requireSlot(turn, name));
  }
}

function passDrainDeadline(turn: Turn, { generation }: Slot): void {
  const drain = generation?.drain;
  if (!generation || !drain || drain.ended || turn.at < drain.deadline) return;
  emitOf(turn, generation, {
    type: "drain_deadline",
    message: `${nameOf(generation)}: the deadline of its drain has come`,
    details: { cause: drain.cause },
    countOf: generation.id,
  });
  endDrain(turn, generation, "deadline", generation.id);
}

function passHookWindow(turn: Turn, slot: Slot): void {
  const { hook, generation } = slot;
  const { pod, settings } = turn.state;
  // During a Pod stop no slot's hook is answered before the Pod's drain has ended (R1).
  if (!hook || hook.answeredAt !== undefined || pod.phase !== "serving") return;
  if (turn.at < hook.askedAt + HOOK_WINDOW_MS) return;
  if (!generation || generation.lifeline.kind === "lost") {
    answerSlotHook(turn, slot.name, "nothing to drain");
    return;
  }
  if (generation.drain?.cause === "hook") return;
  callOffOrder(turn, generation, "its container is being stopped");
  patchSlot(turn, slot.name, { expectedUntil: turn.at + settings.holdTimeoutMs });
  beginDrain(turn, generation, "hook", hook.askedAt + settings.slotDrainMs);
}

/** R4: the kubelet that asked has forgotten, or a stranger called. */
function passHookExpiry(turn: Turn, slot: Slot): void {
  const { hook, generation } = slot;
  const { settings, pod } = turn.state;
  if (hook?.answeredAt === undefined || !generation || pod.phase !== "serving") return;
  if (turn.at < hook.answeredAt + settings.graceMs + EXPIRY_SLACK_MS) return;
  patchSlot(turn, slot.name, { hook: undefined, expectedUntil: undefined });
  takeDrainBack(turn, generation, "its hook has expired");
  emitOf(turn, generation, {
    type: "hook_expired",
    message: `${nameOf(generation)} outlived its hook by the grace and serves again`,
  });
}

/** What a hook began is over before its end: the generation serves again. */
export function takeDrainBack(turn: Turn, generation: Generation, outcome: string): void {
  callOffOrder(turn, generation, outcome);
  patchGeneration(turn, generation.id, { drain: undefined, told: undefined });
}

/** The Pod is leaving: slots whose hooks are unanswered go on serving through the Pod's lame duck. */
export function recallSlotDrains(turn: Turn): void {
  for (const { name, generation, hook } of turn.state.slots) {
    patchSlot(turn, name, { expectedUntil: undefined });
    if (!hook || hook.answeredAt !== undefined || generation?.drain?.cause !== "hook") continue;
    takeDrainBack(turn, generation, "the Pod is leaving");
  }
}

export function slotMoments(state: State): readonly number[] {
  const { settings, pod } = state;
  return state.slots.flatMap(({ hook, generation }) => {
    const moments: number[] = [];
    if (generation?.drain && !generation.drain.ended) moments.push(generation.drain.deadline);
    if (hook && pod.phase === "serving") {
      if (hook.answeredAt === undefined) {
        // An app that dies while its hook waits ends the wait.
        const isDraining = generation?.drain?.cause === "hook" && generation.lifeline.kind !== "lost";
        if (!isDraining) moments.push(hook.askedAt + HOOK_WINDOW_MS);
      } else if (generation) moments.push(hook.answeredAt + settings.graceMs + EXPIRY_SLACK_MS);
    }
    return moments;
  });
}
