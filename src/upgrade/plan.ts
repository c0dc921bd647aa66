// What to do with one Pod: nothing, begin, go on, go back, or refuse with the reason in one sentence. Decided from the Pod, its record
// and its sidecar alone, so that an upgrade that was interrupted anywhere can be started again.

import { delayOf, freeAt, type Start } from "./back-off.ts";
import { type PodFacts, type SidecarFacts, slotNamed } from "./facts.ts";
import { isHalfWay, type Phase, type Place, type UpgradePlan, type UpgradeRecord } from "./record.ts";
import { seconds } from "./seconds.ts";

export interface Goal {
  /** Undefined: go back to what ran before (`--undo`). */
  readonly image: string | undefined;
  /** Told by the caller; undefined: what the idle slot runs. */
  readonly placeholder: string | undefined;
  /** What `--undo` takes back (`lastUpgrade`): Pods whose last upgrade was another one stay. */
  readonly undoOf: string | undefined;
  /** The kubelet's back-off is put up with. */
  readonly anyway: boolean;
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

/** `now`: ms since 1970. */
export function decide(view: PodView, goal: Goal, now: number): Decision {
  const { record } = view;
  if (record && isHalfWay(record) && !isVoid(record, view)) return resume(record, goal);
  if (goal.image === undefined) return undo(view, record, goal, now);
  const active = activePlace(view);
  if ("why" in active) return { do: "refuse", why: active.why };
  if (active.image === goal.image) return { do: "nothing", why: `it runs ${goal.image} already` };
  return begin(view, active, goal, goal.image, false, now);
}

/** What the newest record is about; undefined where no Pod was ever upgraded. */
export function lastUpgrade(records: readonly UpgradeRecord[]): string | undefined {
  const newest = records.reduce<UpgradeRecord | undefined>(
    (found, one) => (found && found.at >= one.at ? found : one),
    undefined,
  );
  return newest && upgradeOf(newest);
}

/** An undo is about the upgrade that it takes back. */
function upgradeOf({ isUndo, image, previous }: UpgradeRecord): string {
  return isUndo ? previous : image;
}

/** Somebody else has changed the image in hand since: what the record says no longer holds. */
function isVoid({ target, standIn, image }: UpgradeRecord, { pod }: PodView): boolean {
  const found = pod.containers[target.container]?.image;
  return found === undefined || ![target.image, standIn, image].includes(found);
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

function undo(view: PodView, record: UpgradeRecord | undefined, goal: Goal, now: number): Decision {
  if (record?.phase === "put-back") {
    return { do: "nothing", why: `the upgrade to ${record.image} was put back already` };
  }
  if (record?.phase !== "done" || upgradeOf(record) !== goal.undoOf) {
    return { do: "nothing", why: "there is nothing to undo" };
  }
  if (record.isUndo) return { do: "nothing", why: `it is back at ${record.image} already` };
  const active = activePlace(view);
  if ("why" in active) return { do: "refuse", why: active.why };
  if (active.image === record.previous) return { do: "nothing", why: `it runs ${record.previous} already` };
  if (active.image !== record.image) {
    return { do: "refuse", why: `it runs ${active.image}, and not ${record.image}, which would be undone` };
  }
  return begin(view, active, goal, record.previous, true, now);
}

function begin(
  view: PodView,
  active: Place,
  goal: Goal,
  image: string,
  isUndo: boolean,
  now: number,
): Decision {
  const { pod, sidecar, record } = view;
  const starts = record?.starts ?? [];
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
  const delayMs = delayOf(starts, target.container, image, now);
  if (delayMs > 0 && !goal.anyway) return { do: "refuse", why: tooSoon(starts, target, image, now, delayMs) };
  const placeholder =
    goal.placeholder ??
    (idle?.state === "empty" && target.image !== active.image ? target.image : record?.placeholder);
  if (idle && placeholder === undefined) {
    const what = `${idle.version ?? "an app"} in slot ${idle.name} (${idle.state})`;
    return {
      do: "refuse",
      why: `${what} leaves no slot idle: say by --placeholder which image is to stay there afterwards`,
    };
  }
  const from = pod.containers[active.container];
  const isFree = (container: string, what: string) => delayOf(starts, container, what, now) === 0;
  const standIns = idle ? [target.image, active.image] : [target.image];
  const standIn = standIns.find((one) => isFree(target.container, one)) ?? target.image;
  return {
    do: "upgrade",
    phase: "loading",
    back: false,
    plan: {
      image,
      target,
      from: idle ? { ...active, id: from?.id } : undefined,
      placeholder: idle ? placeholder : undefined,
      keepsOld: placeholder !== undefined && !isFree(active.container, placeholder),
      standIn,
      standInDelayMs: delayOf(starts, target.container, standIn, now),
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

function tooSoon(
  starts: readonly Start[],
  { container }: Place,
  image: string,
  now: number,
  delayMs: number,
): string {
  const free = new Date(freeAt(starts, container, image, now)).toISOString().slice(11, 19);
  return (
    `${image} was started in container ${container} a short time ago, so that the kubelet would wait ${seconds(delayMs)} before it ` +
    `starts it there again, with the Pod unready meanwhile: come back after ${free} UTC, give the image another tag, or say --retry-now`
  );
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
