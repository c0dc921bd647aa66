// The way back: traffic first, then the image. With two slots the old version still stands and takes over in one assignment; with
// one slot its image is started again, and requests are held meanwhile.

import { slotNamed } from "./facts.ts";
import type { UpgradePlan } from "./record.ts";
import { seconds } from "./seconds.ts";
import type { Order, Stepped, UpgradeState } from "./state.ts";

export function putBack(
  state: UpgradeState,
  trouble: string,
  at: number,
  before: readonly Order[] = [],
): Stepped {
  const { plan, sidecar } = state;
  const { target, from } = plan;
  const old = from && slotNamed(sidecar, from.slot);
  const orders: Order[] = [...before, { do: "say", tone: "bad", text: `slot ${target.slot}: ${trouble}` }];
  if (from && old?.ready && sidecar?.active !== from.slot) orders.push({ do: "promote", slot: from.slot });
  orders.push(
    { do: "say", tone: "plain", text: `slot ${target.slot}: ${standInWords(plan)}` },
    { do: "patch", images: { [target.container]: plan.standIn }, phase: "putting-back", reason: trouble },
  );
  return {
    state: {
      ...state,
      phase: "putting-back",
      since: at,
      seen: false,
      trouble,
      badId: state.pod?.containers[target.container]?.id,
    },
    orders,
  };
}

export function watchReturn(state: UpgradeState, at: number): Stepped {
  const { plan, trouble } = state;
  if (isBack(state)) {
    return {
      state: { ...state, phase: "put-back", outcome: "put-back" },
      orders: [
        { do: "patch", images: {}, phase: "put-back", reason: trouble },
        { do: "say", tone: "plain", text: `${plan.previous} serves as before` },
      ],
    };
  }
  if (at < state.since + returnWithinMs(state)) return { state, orders: [] };
  const text = `${plan.standIn} was put back, but the Pod is not ready after ${seconds(returnWithinMs(state))}`;
  return { state: { ...state, outcome: "failed" }, orders: [{ do: "say", tone: "bad", text }] };
}

/** The time of a start, and what the kubelet waits before it. */
export function returnWithinMs({ plan, limits }: UpgradeState): number {
  return limits.timeoutMs + plan.standInDelayMs;
}

function isBack({ pod, sidecar, plan, seen, badId }: UpgradeState): boolean {
  const { target, from, baseline } = plan;
  const container = pod?.containers[target.container];
  if (!pod?.ready || !seen || !container?.running || container.image !== plan.standIn) return false;
  // A new container; or still the first one, where the kubelet had not acted on the first patch at all.
  const isFirst = container.id === baseline.id && plan.standIn === target.image;
  const isAnother = container.id !== badId && container.id !== baseline.id;
  if (!isAnother && !(isFirst && container.imageId === baseline.imageId)) return false;
  const serving = from ?? target;
  return sidecar?.active === serving.slot && slotNamed(sidecar, serving.slot)?.ready === true;
}

function standInWords({ standIn, target }: UpgradePlan): string {
  if (standIn === target.image) return `${standIn} is put back`;
  return `${standIn} is put there as standby; the kubelet's back-off would delay ${target.image}`;
}
