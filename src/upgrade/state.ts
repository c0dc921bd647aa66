// The upgrade of one Pod as one value: what is planned, how far it is, what is known. Times are monotonic ms.

import type { PodFacts, SidecarFacts } from "./facts.ts";
import type { Bad, Phase, UpgradePlan } from "./record.ts";

export interface Limits {
  /** From the patch to a version that is ready, and from putting back to a Pod that is ready, ms. */
  readonly timeoutMs: number;
  /** How long the new version must stay ready and active before the old one goes, ms. */
  readonly windowMs: number;
}

export type Outcome =
  | "upgraded"
  /** The old version serves as before. */
  | "put-back"
  /** The Pod was deleted meanwhile. */
  | "gone"
  /** Somebody else changed the same image: nothing more was touched. */
  | "interfered"
  /** Neither the one nor the other could be reached. */
  | "failed";

export interface UpgradeState {
  readonly plan: UpgradePlan;
  readonly limits: Limits;
  readonly phase: Phase;
  /** Of this phase. */
  readonly since: number;
  readonly pod: PodFacts | undefined;
  readonly sidecar: SidecarFacts | undefined;
  /** When the sidecar was heard last. */
  readonly heardAt: number;
  /** The sidecar was asked for its word at the window's end. */
  readonly asked: boolean;
  /** The patch of this phase was seen in the Pod's spec: from then on another image is somebody else's. */
  readonly seen: boolean;
  /** The new version is ready and was ordered to become active. */
  readonly promoted: boolean;
  readonly bad: Bad | undefined;
  /** Why it goes back. */
  readonly trouble: string | undefined;
  readonly outcome: Outcome | undefined;
}

export type UpgradeEvent = { readonly at: number } & (
  | { readonly type: "begin" }
  /** Undefined: the Pod is gone. */
  | { readonly type: "pod"; readonly facts: PodFacts | undefined }
  /** Undefined: the sidecar cannot be asked at present. */
  | { readonly type: "sidecar"; readonly facts: SidecarFacts | undefined }
  /** A moment that `dueAt` named has come. */
  | { readonly type: "tick" }
  /** Put back what is not committed: another Pod failed, or somebody said `--undo`. */
  | { readonly type: "call-off"; readonly reason: string }
  /** The API server or the sidecar refused an order, in plain words. */
  | { readonly type: "refused"; readonly order: "patch" | "promote"; readonly reason: string }
);

/** What has to be done after a step, in this order. */
export type Order =
  /** Sets the images of containers, and the record, in one patch. */
  | {
      readonly do: "patch";
      readonly images: Readonly<Record<string, string>>;
      readonly phase: Phase;
      readonly reason: string | undefined;
    }
  | { readonly do: "promote"; readonly slot: string }
  /** Asks the sidecar now: a `sidecar` event follows. */
  | { readonly do: "ask" }
  | { readonly do: "say"; readonly tone: "plain" | "good" | "bad"; readonly text: string };

export interface Stepped {
  readonly state: UpgradeState;
  readonly orders: readonly Order[];
}

/** A Pod that nobody has touched yet, or one whose record says how far somebody came (`phase`, `bad`). */
export function initialState(
  plan: UpgradePlan,
  limits: Limits,
  phase: Phase,
  at: number,
  bad: Bad | undefined,
): UpgradeState {
  return {
    plan,
    limits,
    phase,
    since: at,
    pod: undefined,
    sidecar: undefined,
    heardAt: Number.NEGATIVE_INFINITY,
    asked: false,
    seen: false,
    promoted: false,
    bad,
    trouble: bad?.why,
    outcome: undefined,
  };
}
