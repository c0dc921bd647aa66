// What is written on a Pod while it is upgraded, so that whoever comes next can go on, or back. It travels in the same patch as
// the image that it speaks of: the two never differ.

import type { Start } from "./back-off.ts";

export const RECORD_ANNOTATION = "sluice/upgrade";

export const PHASES = [
  "loading",
  "switching",
  "window",
  "committing",
  "done",
  "putting-back",
  "put-back",
] as const;
export type Phase = (typeof PHASES)[number];

/** A slot, its container, and the image that stands or stood there. */
export interface Place {
  readonly slot: string;
  readonly container: string;
  readonly image: string;
}

/** The container as it was before the first patch. */
export interface Baseline {
  readonly id: string | undefined;
  readonly imageId: string | undefined;
  readonly restarts: number;
  /** The life in the slot; undefined: none. */
  readonly life: string | undefined;
}

export interface UpgradePlan {
  /** The new image. */
  readonly image: string;
  /** Where it goes, with the image that it displaces there. */
  readonly target: Place;
  /** Two slots: who serves until the switch. One slot: undefined. */
  readonly from: (Place & { readonly id: string | undefined }) | undefined;
  /** What an idle slot runs. One slot: undefined. */
  readonly placeholder: string | undefined;
  /** The old version stays as standby at the end: the placeholder could not be started there at once. */
  readonly keepsOld: boolean;
  /** What the target gets when the new version is put back: what was there, or else the old version. */
  readonly standIn: string;
  /** How long the kubelet would wait before it starts that, ms. */
  readonly standInDelayMs: number;
  readonly baseline: Baseline;
  /** The image of the app that served before: what `--undo` goes back to. */
  readonly previous: string;
  /** The plan itself goes back. */
  readonly isUndo: boolean;
}

/** The container that was found bad, when its image was put back. */
export interface Bad {
  readonly id: string | undefined;
  /** Undefined where the new version's container was never there. */
  readonly imageId: string | undefined;
  readonly why: string;
}

export interface UpgradeRecord extends UpgradePlan {
  readonly v: 1;
  readonly phase: Phase;
  /** ISO 8601; of this phase. */
  readonly at: string;
  /** Who does it. */
  readonly by: string;
  /** Why it was put back. */
  readonly reason: string | undefined;
  /** While it is put back. */
  readonly bad?: Bad | undefined;
  /** What was put where in the last minutes. */
  readonly starts: readonly Start[];
}

export function formatRecord(record: UpgradeRecord): string {
  return JSON.stringify(record);
}

/** Undefined where the Pod has none, or one that another version wrote: then it is as if it had none. */
export function parseRecord(text: string | undefined): UpgradeRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const read = JSON.parse(text) as Partial<UpgradeRecord>;
    const isOurs =
      read.v === 1 &&
      PHASES.some((phase) => phase === read.phase) &&
      isPlace(read.target) &&
      (read.from === undefined || isPlace(read.from)) &&
      typeof read.image === "string" &&
      typeof read.previous === "string" &&
      typeof read.standIn === "string" &&
      typeof read.standInDelayMs === "number" &&
      Array.isArray(read.starts) &&
      typeof read.baseline?.restarts === "number";
    return isOurs ? (read as UpgradeRecord) : undefined;
  } catch {
    return undefined;
  }
}

function isPlace(place: Partial<Place> | undefined): boolean {
  return (
    typeof place?.slot === "string" && typeof place.container === "string" && typeof place.image === "string"
  );
}

/** The Pod is between two versions: somebody has to go on, or back. */
export function isHalfWay(record: UpgradeRecord | undefined): boolean {
  return record !== undefined && record.phase !== "done" && record.phase !== "put-back";
}
