// What to do with one Pod: nothing, begin, go on, go back, or refuse with the reason in one sentence. Decided from the Pod, its record
// and its sidecar alone, so that an upgrade that was interrupted anywhere can be started again.

import { type PodFacts, type SidecarFacts, slotNamed } from "./facts.ts";
import { isHalfWay, type Phase, type Place, type UpgradePlan, type UpgradeRecord } from "./record.ts";

export interface Goal {
  /** Undefined: go back to what ran before (`--undo`). */
  readonly image: string | undefined;
  /** Told by the caller; undefined: what the idle slot runs. */
  readonly placeholder: string | undefined;
}

export interface PodView {
  readonly pod: PodFacts;
  readonly sidecar: SidecarFacts;
  /** Slot and container. */
  readonly containers: ReadonlyMap<string, string>;
  readonly record: UpgradeRecord | undefined;
}

export type Decision =
  | { readonly do: "nothing"; readonly why: string }
  | { readonly do: "refuse"; readonly why: string }
  /** `phase` says where to begin; `back`: the first thing is to call it off. */
  | { readonly do: "upgrade"; readonly plan: UpgradePlan; readonly phase: Phase; readonly back: boolean };

export function decide(view: PodView, goal: Goal): Decision {
  const { record } = view;
  if (record && isHalfWay(record)) return resume(record, goal);
  if (goal.image === undefined) return undo(view, record, goal);
  const active = activePlace(view);
  if ("why" in active) return { do: "refuse", why: active.why };
  if (active.image === goal.image) return { do: "nothing", why: `it runs ${goal.image} already` };
  return begin(view, active, goal.image, goal.placeholder, false);
}

function resume(record: UpgradeRecord, { image }: Goal): Decision {
  const { phase } = record;
  if (image === undefined) {
    // What is committed cannot be called off: it is finished first, and then undone as a whole.
    return { do: "upgrade", plan: record, phase, back: phase !== "committing" };
  }
  if (record.image !== image && phase !== "putting-back") {
    return {
      do: "refuse",
      why: `it is half way to ${record.image}: go on with --image ${record.image}, or go back with --undo`,
    };
  }
  return { do: "upgrade", plan: record, phase, back: false };
}

function undo(view: PodView, record: UpgradeRecord | undefined, { placeholder }: Goal): Decision {
  if (record?.phase !== "done") return { do: "nothing", why: "there is nothing to undo" };
  if (record.isUndo) return { do: "nothing", why: `it is back at ${record.image} already` };
  const active = activePlace(view);
  if ("why" in active) return { do: "refuse", why: active.why };
  if (active.image === record.previous) return { do: "nothing", why: `it runs ${record.previous} already` };
  if (active.image !== record.image) {
    return { do: "refuse", why: `it runs ${active.image}, and not ${record.image}, which would be undone` };
  }
  return begin(view, active, record.previous, placeholder ?? record.placeholder, true);
}

function begin(
  view: PodView,
  active: Place,
  image: string,
  placeholder: string | undefined,
  isUndo: boolean,
): Decision {
  const { pod, sidecar, containers } = view;
  if (!pod.ready) {
    return { do: "refuse", why: "it is not ready now; an upgrade in the Pod needs one that serves" };
  }
  const idle = sidecar.slots.find(({ name }) => name !== active.slot);
  const target = idle ? placeOf(view, idle.name) : active;
  if (!target)
    return { do: "refuse", why: `its slot ${idle?.name} has no container: set SLUICE_SLOT in one` };
  const container = pod.containers[target.container];
  if (!container?.running) {
    return {
      do: "refuse",
      why: `container ${target.container} of its idle slot ${target.slot} does not run`,
    };
  }
  const standIn = placeholder ?? (idle?.state === "empty" ? target.image : undefined);
  if (idle && standIn === undefined) {
    const what = `${idle.version ?? "an app"} in slot ${idle.name} (${idle.state})`;
    return {
      do: "refuse",
      why: `${what} leaves no slot idle: say by --placeholder which image is to stay there afterwards`,
    };
  }
  const from = pod.containers[containers.get(active.slot) ?? ""];
  return {
    do: "upgrade",
    phase: "loading",
    back: false,
    plan: {
      image,
      target,
      from: idle ? { ...active, id: from?.id } : undefined,
      placeholder: idle ? standIn : undefined,
      baseline: {
        id: container.id,
        imageId: container.imageId,
        restarts: container.restarts,
        life: slotNamed(sidecar, target.slot)?.life,
      },
      previous: active.image,
      isUndo,
    },
  };
}

function activePlace(view: PodView): Place | { readonly why: string } {
  const { active, slots } = view.sidecar;
  const unknown = slots.find(({ name }) => !view.containers.has(name));
  if (unknown)
    return { why: `its slot ${unknown.name} has no container: set SLUICE_SLOT=${unknown.name} in one` };
  const stray = [...view.containers.keys()].find((slot) => !slots.some(({ name }) => name === slot));
  if (stray !== undefined) {
    return {
      why: `container ${view.containers.get(stray)} says that it is slot ${stray}, which sluice does not have (--slots)`,
    };
  }
  if (active === undefined) {
    const waits = slots.flatMap(({ name, waitingFor }) => waitingFor.map((what) => `slot ${name}: ${what}`));
    return { why: `no slot of it is active (${waits.join("; ")})` };
  }
  return placeOf(view, active) ?? { why: `its active slot ${active} has no container` };
}

function placeOf({ pod, containers }: PodView, slot: string): Place | undefined {
  const container = containers.get(slot);
  const image = container === undefined ? undefined : pod.containers[container]?.image;
  return container === undefined || image === undefined ? undefined : { slot, container, image };
}
