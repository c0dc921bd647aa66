// What is known of a generation's health: probes, refused connections, gates that ran out.

import type { Event } from "./events.ts";
import { beginUnannounced, bury, callOffOrder } from "./generations.ts";
import { type Generation, generationOf, type State } from "./state.ts";
import { act, emitOf, nameOf, patchGeneration, patchSlot, requireSlot, type Turn } from "./turn.ts";

type Probe = Extract<Event, { type: "probe" }>;

export function takeProbe(turn: Turn, event: Probe): void {
  const slot = requireSlot(turn, event.slot);
  patchSlot(turn, slot.name, { lastProbe: { ok: event.ok, detail: event.detail } });
  const { generation } = slot;
  if (!generation) {
    if (event.ok && turn.state.settings.handshake === "off")
      beginUnannounced(turn, requireSlot(turn, slot.name));
    return;
  }
  // A dead process proves nothing by a probe that somebody else answers.
  if (generation.lifeline.kind === "lost") return;
  if (event.ok) takePass(turn, generation, event.detail);
  else takeFailure(turn, generation, event);
}

function takePass(turn: Turn, generation: Generation, detail: string): void {
  patchGeneration(turn, generation.id, {
    probe: "passing",
    probeDetail: detail,
    failures: 0,
    failingSince: undefined,
    reachable: true,
  });
  if (!generation.reachable) {
    emitOf(turn, generation, {
      type: "reachable",
      message: `${nameOf(generation)} accepts connections again`,
    });
  }
  if (generation.probe !== "passing") {
    emitOf(turn, generation, { type: "probe_passed", message: `${nameOf(generation)} answers its probe` });
  }
}

function takeFailure(turn: Turn, generation: Generation, event: Probe): void {
  const failures = generation.failures + 1;
  const failed = failures >= turn.state.settings.probeFailures && turn.state.settings.probe === "on";
  patchGeneration(turn, generation.id, {
    probe: failed ? "failing" : generation.probe,
    probeDetail: event.detail,
    failures,
    failingSince: generation.failingSince ?? turn.at,
  });
  if (failed && generation.probe !== "failing") {
    emitOf(turn, generation, {
      type: "probe_failed",
      message: `${nameOf(generation)} failed its probe ${failures} times in a row: ${event.detail}`,
      details: { failures },
    });
  }
  if (event.refused) markUnreachable(turn, generation.id);
}

/** A refused connection takes the generation out at once, until a probe passes again. */
export function markUnreachable(turn: Turn, id: number): void {
  const generation = generationOf(turn.state, id);
  if (!generation?.reachable) return;
  patchGeneration(turn, id, { reachable: false });
  emitOf(turn, generation, {
    type: "unreachable",
    message: `${nameOf(generation)} refuses connections`,
    countOf: generation.id,
  });
  act(turn, { do: "probe", slot: generation.slot });
  if (generation.lifeline.kind !== "none") return;
  // Nothing but its address was known of it: the next one that answers there is another.
  callOffOrder(turn, generation, "the app ended");
  act(turn, { do: "retire", generation: id });
  bury(turn, generation);
}

export function passGates(turn: Turn): void {
  for (const { generation } of turn.state.slots) {
    if (!generation) continue;
    for (const [name, gate] of Object.entries(generation.gates)) {
      if (!gate.open || gate.expiresAt === undefined || turn.at < gate.expiresAt) continue;
      const gates = { ...generationOf(turn.state, generation.id)!.gates };
      gates[name] = { open: false, reason: "its time to live ran out", expiresAt: undefined };
      patchGeneration(turn, generation.id, { gates });
      emitOf(turn, generation, {
        type: "gate_expired",
        message: `Gate ${name} of ${nameOf(generation)} closed: its time to live ran out`,
        details: { gate: name },
      });
    }
  }
}

export function nextGateExpiry(state: State): number | undefined {
  const times = state.slots.flatMap(({ generation }) =>
    Object.values(generation?.gates ?? {}).flatMap((gate) =>
      gate.open && gate.expiresAt !== undefined ? [gate.expiresAt] : [],
    ),
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}
