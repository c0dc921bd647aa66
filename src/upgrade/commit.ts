// The end of a good upgrade: the old version's container becomes the placeholder. Its own hook drains what is still in flight there.

import type { ContainerFacts } from "./facts.ts";
import { seconds } from "./seconds.ts";
import type { Stepped, UpgradeState } from "./state.ts";

export function commit(state: UpgradeState, at: number): Stepped {
  const { plan } = state;
  const { from, placeholder } = plan;
  if (!from || placeholder === undefined) return done(state);
  if (plan.keepsOld) {
    const text = `slot ${from.slot}: ${from.image} stays as standby; the kubelet's back-off would delay the placeholder there`;
    const finished = done(state);
    return { state: finished.state, orders: [{ do: "say", tone: "plain", text }, ...finished.orders] };
  }
  return {
    state: { ...state, phase: "committing", since: at },
    orders: [
      { do: "say", tone: "plain", text: `slot ${from.slot}: ${from.image} goes, the placeholder comes` },
      { do: "patch", images: { [from.container]: placeholder }, phase: "committing", reason: undefined },
    ],
  };
}

export function watchCommit(state: UpgradeState, at: number): Stepped {
  const { plan, pod, limits } = state;
  const { from, placeholder } = plan;
  const container = from && pod?.containers[from.container];
  if (!from || !container || placeholder === undefined) return { state, orders: [] };
  if (container.image === placeholder && container.running && container.id !== from.id && pod.ready) {
    return done(state);
  }
  const refusal = container.image === placeholder ? refusalOf(container, from.id) : undefined;
  const isLate = at >= state.since + limits.timeoutMs;
  if (refusal === undefined && !isLate) return { state, orders: [] };
  // The new version serves; but without a container in that slot the Pod is not ready. What ran there before runs again.
  const why = refusal ?? `the Pod was not ready within ${seconds(limits.timeoutMs)}`;
  const text = `slot ${from.slot}: the placeholder ${placeholder} does not run (${why}); ${from.image} stays there as standby`;
  return {
    state: { ...state, outcome: "failed", trouble: text },
    orders: [
      { do: "say", tone: "bad", text },
      { do: "patch", images: { [from.container]: from.image }, phase: "done", reason: text },
    ],
  };
}

/** A back-off without a crash is the kubelet's memory of earlier starts: it passes. */
const MERE_WAITING = ["ContainerCreating", "PodInitializing", "CrashLoopBackOff"];

function refusalOf({ waiting, ended, id }: ContainerFacts, before: string | undefined): string | undefined {
  if (waiting && !MERE_WAITING.includes(waiting.reason)) return waiting.reason;
  return ended && (ended.id ?? id) !== before ? `it ended with exit code ${ended.exitCode}` : undefined;
}

function done(state: UpgradeState): Stepped {
  const { plan } = state;
  return {
    state: { ...state, phase: "done", outcome: "upgraded" },
    orders: [
      { do: "patch", images: {}, phase: "done", reason: undefined },
      { do: "say", tone: "good", text: `upgraded to ${plan.image}` },
    ],
  };
}
