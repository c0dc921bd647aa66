// The way back: traffic first, then the image. With two slots the old version still stands and takes over in one assignment; with
// one slot its image is started again, and requests are held meanwhile.

import { slotNamed } from "./facts.ts";
import type { Bad, UpgradePlan } from "./record.ts";
import { seconds } from "./seconds.ts";
import type { Order, Stepped, UpgradeState } from "./state.ts";
import { isNew } from "./verdict.ts";

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
      // Taken up again, the container that is there now may be the stand-in.
      bad: state.phase === "putting-back" ? state.bad : badOf(state, trouble),
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

function badOf({ pod, plan }: UpgradeState, why: string): Bad {
  const container = pod?.containers[plan.target.container];
  const isThere = isNew(container?.id, plan.baseline);
  return { id: container?.id, imageId: isThere ? container?.imageId : undefined, why };
}

function isBack({ pod, sidecar, plan, seen, bad }: UpgradeState): boolean {
  const { target, from, baseline } = plan;
  const container = pod?.containers[target.container];
  if (!pod?.ready || !seen || !container?.running || container.image !== plan.standIn) return false;
  // A new container; or still the first one, where the kubelet had not acted on the first patch at all.
  const isFirst = container.id === baseline.id && plan.standIn === target.image;
  const isAnother = container.id !== bad?.id && container.id !== baseline.id;
  if (!isAnother && !(isFirst && container.imageId === baseline.imageId)) return false;
  // The kubelet may have started the bad version once more before it saw the patch.
  const standInId =
    plan.standIn === target.image ? baseline.imageId : pod.containers[from?.container ?? ""]?.imageId;
  const isBad = bad?.imageId !== undefined && container.imageId === bad.imageId;
  if (isBad && container.imageId !== standInId) return false;
  const serving = from ?? target;
  return sidecar?.active === serving.slot && slotNamed(sidecar, serving.slot)?.ready === true;
}

function standInWords({ standIn, target }: UpgradePlan): string {
  if (standIn === target.image) return `${standIn} is put back`;
  return `${standIn} is put there as standby; the kubelet's back-off would delay ${target.image}`;
}
