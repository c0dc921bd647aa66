// One step of the upgrade of one Pod. Pure: events carry their time, orders say what to do.
//
//   loading ──ready──► switching ──active──► window ──held──► committing ──placeholder──► done
//      │                   │                   │
//      └───── bad, late or called off ─────────┴──► putting-back ──old one ready──► put-back

import { commit, watchCommit } from "./commit.ts";
import { slotNamed } from "./facts.ts";
import { putBack, returnWithinMs, watchReturn } from "./put-back.ts";
import { seconds } from "./seconds.ts";
import type { Order, Stepped, UpgradeEvent, UpgradeState } from "./state.ts";
import { isNew, verdictOn } from "./verdict.ts";

export function step(before: UpgradeState, event: UpgradeEvent): Stepped {
  if (before.outcome !== undefined) return { state: before, orders: [] };
  const state = absorb(before, event);
  const { at } = event;
  if (event.type === "begin") return begin(state);
  if (event.type === "pod" && (event.facts === undefined || event.facts.leaving)) {
    return end(
      state,
      "gone",
      "bad",
      "the Pod was deleted meanwhile; its owner's next one has the template's image",
    );
  }
  if (event.type === "call-off") return callOff(state, event.reason, at);
  if (event.type === "refused") return refused(state, event.order, event.reason, at);
  if (isTakenOver(state)) {
    const { container } = state.plan.target;
    return end(
      state,
      "interfered",
      "bad",
      `somebody else changed the image of ${container}: nothing more is touched`,
    );
  }
  switch (state.phase) {
    case "loading":
    case "switching":
      return load(state, at);
    case "window":
      return watchWindow(state, at);
    case "committing":
      return watchCommit(state, at);
    case "putting-back":
      return watchReturn(state, at);
    default:
      return { state, orders: [] };
  }
}

/** The next moment at which something changes without an event. */
export function dueAt(state: UpgradeState): number | undefined {
  const { phase, since, limits, outcome, asked } = state;
  if (outcome !== undefined || phase === "done" || phase === "put-back") return undefined;
  if (phase === "putting-back") return since + returnWithinMs(state);
  if (phase !== "window") return since + limits.timeoutMs;
  return since + limits.windowMs + (asked ? limits.timeoutMs : 0);
}

function absorb(state: UpgradeState, event: UpgradeEvent): UpgradeState {
  if (event.type === "sidecar") {
    return { ...state, sidecar: event.facts, heardAt: event.facts ? event.at : state.heardAt };
  }
  if (event.type !== "pod") return state;
  const image = event.facts?.containers[state.plan.target.container]?.image;
  return { ...state, pod: event.facts, seen: state.seen || image === wantedImage(state) };
}

/** What the target's image should be in this phase. */
function wantedImage({ phase, plan }: UpgradeState): string {
  return phase === "putting-back" || phase === "put-back" ? plan.standIn : plan.image;
}

function isTakenOver(state: UpgradeState): boolean {
  const image = state.pod?.containers[state.plan.target.container]?.image;
  if (image === undefined || image === wantedImage(state)) return false;
  // Before our own patch shows, the image of the phase before is still there.
  const { target, standIn, image: next } = state.plan;
  return state.seen || ![target.image, standIn, next].includes(image);
}

function begin(state: UpgradeState): Stepped {
  const { plan, phase } = state;
  if (phase === "putting-back")
    return putBack(state, state.trouble ?? "it had begun to be put back", state.since);
  if (phase !== "loading") return { state, orders: [] };
  const { container, slot } = plan.target;
  const { standIn, standInDelayMs } = plan;
  const warning = `should it have to go back, the kubelet will wait ${seconds(standInDelayMs)} before it starts ${standIn} there once more`;
  return {
    state,
    orders: [
      ...(standInDelayMs > 0 ? [{ do: "say", tone: "bad", text: `slot ${slot}: ${warning}` } as const] : []),
      { do: "say", tone: "plain", text: `slot ${slot}: ${plan.image} is put into container ${container}` },
      { do: "patch", images: { [container]: plan.image }, phase: "loading", reason: undefined },
    ],
  };
}

function load(state: UpgradeState, at: number): Stepped {
  const { plan, limits } = state;
  const bad = troubleOf(state);
  if (bad !== undefined) return putBack(state, bad, at);
  const slot = slotNamed(state.sidecar, plan.target.slot);
  const isNewLife = slot?.life !== undefined && slot.life !== plan.baseline.life;
  if (isNewLife && slot.ready) {
    if (state.sidecar?.active === plan.target.slot) return openWindow(state, at);
    if (!state.promoted) {
      const orders: Order[] = [{ do: "promote", slot: plan.target.slot }];
      return { state: { ...state, phase: "switching", promoted: true }, orders };
    }
  }
  if (at >= state.since + limits.timeoutMs) {
    const why = isNewLife
      ? `it was not ready within ${seconds(limits.timeoutMs)}: ${slot.waitingFor.join("; ")}`
      : `it did not shake hands within ${seconds(limits.timeoutMs)}`;
    return putBack(state, why, at);
  }
  return { state, orders: [] };
}

function openWindow(state: UpgradeState, at: number): Stepped {
  const { plan, limits } = state;
  const version = slotNamed(state.sidecar, plan.target.slot)?.version ?? plan.image;
  const text = `slot ${plan.target.slot}: ${version} is active; it has to stay ready for ${seconds(limits.windowMs)}`;
  return watchWindow({ ...state, phase: "window", since: at }, at, [
    { do: "say", tone: "good", text },
    { do: "patch", images: {}, phase: "window", reason: undefined },
  ]);
}

function watchWindow(state: UpgradeState, at: number, orders: readonly Order[] = []): Stepped {
  const { plan, limits, sidecar } = state;
  const bad = troubleOf(state);
  if (bad !== undefined) return putBack(state, bad, at, orders);
  const slot = slotNamed(sidecar, plan.target.slot);
  if (sidecar && !slot?.ready) {
    const why = slot?.waitingFor.join("; ") || `slot ${plan.target.slot} is ${slot?.state ?? "unknown"}`;
    return putBack(state, `it is ready no longer: ${why}`, at, orders);
  }
  if (sidecar && sidecar.active !== plan.target.slot) {
    return putBack(state, "it is no longer active", at, orders);
  }
  const end = state.since + limits.windowMs;
  if (at < end) return { state, orders };
  if (sidecar && state.heardAt >= end) {
    const committed = commit(state, at);
    return { state: committed.state, orders: [...orders, ...committed.orders] };
  }
  // Nothing is committed on what was true once: a link that broke off may not have told. The sidecar gets as long as a start may take.
  if (at >= end + limits.timeoutMs) {
    return putBack(state, "its sidecar could not be asked any more", at, orders);
  }
  if (state.asked) return { state, orders };
  return { state: { ...state, asked: true }, orders: [...orders, { do: "ask" }] };
}

function troubleOf({ pod, plan }: UpgradeState): string | undefined {
  const container = pod?.containers[plan.target.container];
  if (!container || container.image !== plan.image) return undefined;
  return verdictOn(container, plan.baseline);
}

/** What is committed, or on its way back, goes on. */
function callOff(state: UpgradeState, reason: string, at: number): Stepped {
  const isOpen = state.phase === "loading" || state.phase === "switching" || state.phase === "window";
  return isOpen ? putBack(state, reason, at) : { state, orders: [] };
}

function refused(state: UpgradeState, order: "patch" | "promote", reason: string, at: number): Stepped {
  if (order === "promote") {
    // It may have lost its readiness in this very moment: the next status tells, and the order is given again.
    if (state.phase === "switching") return { state: { ...state, promoted: false }, orders: [] };
    return { state, orders: [{ do: "say", tone: "bad", text: reason }] };
  }
  const isUntouched = state.phase === "loading" && !state.seen;
  // Whether the placeholder came or not: the new version serves. With its image put back as well, nobody might.
  const goesOn = state.phase === "committing" || state.phase === "putting-back";
  if (isUntouched || goesOn) return end(state, "failed", "bad", reason);
  return putBack(state, reason, at);
}

function end(
  state: UpgradeState,
  outcome: NonNullable<UpgradeState["outcome"]>,
  tone: "good" | "bad",
  text: string,
): Stepped {
  return {
    state: { ...state, outcome, trouble: state.trouble ?? text },
    orders: [{ do: "say", tone, text }],
  };
}

/** Whether the container that the plan put there runs; for the progress that people see. */
export function isLoaded({ pod, plan }: UpgradeState): boolean {
  const container = pod?.containers[plan.target.container];
  return container?.running === true && isNew(container.id, plan.baseline);
}
