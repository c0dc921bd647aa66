// What a generation waits for, in plain words, and what follows for the Pod. All functions of the state.

import {
  activeGeneration,
  type Generation,
  LIVENESS_PATIENCE_MS,
  type Settings,
  type Slot,
  type State,
  slotOf,
} from "./state.ts";
import { nameOf } from "./turn.ts";

/** What health keeps the generation from being ready; empty: healthy. */
export function ailments(settings: Settings, generation: Generation): readonly string[] {
  const words: string[] = [];
  const name = generation.version ?? "the app";
  if (generation.lifeline.kind === "lost") words.push(`${name} closed its lifeline`);
  if (!generation.reachable) words.push(`${name} refuses connections`);
  else if (generation.probe === "unknown") words.push(`${name} has not answered its probe yet`);
  else if (generation.probe === "failing") words.push(`${name} fails its probe: ${generation.probeDetail}`);
  for (const gate of settings.gates) {
    const state = generation.gates[gate];
    if (!state) words.push(`gate ${gate} has not been opened yet`);
    else if (!state.open)
      words.push(`gate ${gate} is closed${state.reason === "" ? "" : `: ${state.reason}`}`);
  }
  return words;
}

/** The process stands and accepts connections, whatever its probe and gates say (R9). */
export function isStanding(generation: Generation): boolean {
  return generation.lifeline.kind !== "lost" && generation.reachable;
}

/** It is meant to take new requests: not stopping, not draining. */
export function isInService(generation: Generation): boolean {
  return !generation.stopping && generation.drain === undefined;
}

export function isReady(settings: Settings, generation: Generation): boolean {
  return isInService(generation) && isStanding(generation) && ailments(settings, generation).length === 0;
}

/** Everything that a slot is waiting for, in plain words; empty when its generation is ready. */
export function waitingFor(state: State, slot: Slot): readonly string[] {
  const { generation } = slot;
  if (!generation) {
    const probe = slot.lastProbe;
    if (slot.refusedHandshake) {
      const { version, reason } = slot.refusedHandshake;
      return [probe?.ok ? `${version} answers its probe, but ${reason}` : reason];
    }
    if (state.settings.handshake === "off") return [probe ? `probe: ${probe.detail}` : "the first probe"];
    return [probe?.ok ? "the app answers its probe, but has not shaken hands" : "no app has shaken hands"];
  }
  const words = [...ailments(state.settings, generation)];
  if (generation.stopping) words.push(`${generation.version ?? "the app"} got SIGTERM`);
  if (generation.drain) {
    words.push(
      generation.drain.cause === "hook" ? "its container is being stopped" : "it was drained by an order",
    );
  }
  return words;
}

/** The one answer of `/readyz`: whether new requests find a slot, and why or why not, in one sentence. */
export function readiness(state: State, at: number): { readonly ready: boolean; readonly reason: string } {
  const { pod } = state;
  if (pod.phase === "exiting") return { ready: false, reason: "sluice is exiting" };
  if (pod.phase === "drained") return { ready: false, reason: "the Pod has been drained" };
  if (pod.phase === "leaving" && pod.alone) {
    return { ready: false, reason: "sluice's own container is being replaced" };
  }
  if (pod.phase === "leaving" && pod.lastCall) {
    return { ready: false, reason: "the Pod's deadline is near: new requests are refused" };
  }
  const active = activeGeneration(state);
  if (active) {
    const words = waitingFor(state, slotOf(state, active.slot)!);
    if (words.length > 0) return { ready: false, reason: `slot ${active.slot}: ${words.join("; ")}` };
    const leaving = pod.phase === "leaving" ? "; the Pod is leaving" : "";
    return { ready: true, reason: `${nameOf(active)} is active${leaving}` };
  }
  const expected = state.slots.find((slot) => slot.expectedUntil !== undefined && slot.expectedUntil > at);
  if (expected && pod.phase === "serving") {
    return { ready: true, reason: `slot ${expected.name} is being replaced; requests are held meanwhile` };
  }
  const words = state.slots.map(
    (slot) => `slot ${slot.name}: ${waitingFor(state, slot).join("; ") || "ready, not active"}`,
  );
  return { ready: false, reason: words.join(" | ") };
}

/** For an external balancer: fails as soon as the Pod begins to leave. */
export function balancer(state: State, at: number): { readonly ok: boolean; readonly reason: string } {
  if (state.pod.phase !== "serving") return { ok: false, reason: "the Pod is leaving" };
  const { ready, reason } = readiness(state, at);
  return { ok: ready, reason };
}

/**
 * Liveness of a slot: false only for a generation that has shaken hands (without handshakes: has passed its probe), is not being
 * stopped, and has failed its probe in a row for LIVENESS_PATIENCE_MS. A slow start, a placeholder or a drain is never a reason to kill.
 */
export function slotLiveness(
  state: State,
  slot: Slot,
  at: number,
): { readonly ok: boolean; readonly reason: string } {
  const { generation, hook } = slot;
  if (!generation) return { ok: true, reason: "no app has shaken hands" };
  if (state.pod.phase !== "serving") return { ok: true, reason: "the Pod is leaving" };
  if (hook || generation.stopping || generation.drain) return { ok: true, reason: "it is being stopped" };
  if (generation.lifeline.kind === "lost") return { ok: true, reason: "its lifeline is lost" };
  const { failingSince } = generation;
  if (
    generation.probe !== "failing" ||
    failingSince === undefined ||
    at - failingSince < LIVENESS_PATIENCE_MS
  ) {
    return { ok: true, reason: "nothing speaks against it" };
  }
  return { ok: false, reason: `${nameOf(generation)} fails its probe: ${generation.probeDetail}` };
}
