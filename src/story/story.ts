// A story is what happened once, told in phases: the start of an app, an upgrade or another switch of traffic, the stop of the
// Pod. It is read from the events of sluice and the samples of its flow; times are sluice's own, ms since its start.

import type { TimelineEvent } from "../api/backend.ts";
import type { Traffic } from "./traffic.ts";

export type PhaseKind =
  | "hook"
  | "pull"
  | "start"
  | "handshake"
  | "probe"
  | "gates"
  | "switch"
  | "hold"
  | "drain"
  | "stop"
  | "commit"
  | "lame-duck"
  | "last-call"
  | "cut"
  | "exit";

export interface Phase {
  readonly kind: PhaseKind;
  /** "probe", "drain a". */
  readonly name: string;
  readonly from: number;
  /** Undefined: it goes on. */
  readonly until: number | undefined;
  /** In plain words, what it was about or how it ended. */
  readonly about: string;
}

export type StoryKind = "start" | "switch" | "stop";

export interface Story {
  readonly kind: StoryKind;
  /** Id of the event that it is about: the switch, or the beginning of the stop. */
  readonly id: number;
  readonly title: string;
  /** Why, in plain words. */
  readonly why: string;
  /** Wall clock of its beginning, ISO 8601. */
  readonly time: string;
  readonly from: number;
  /** When the last of its phases that requests can feel ended; undefined: it goes on. */
  readonly until: number | undefined;
  readonly phases: readonly Phase[];
  /** By when it has to be over; of a stop. */
  readonly deadline: number | undefined;
  /** Generations that were there: who served before, and who after. */
  readonly before: Actor | undefined;
  readonly after: Actor | undefined;
  /** Undefined where the samples of that time are not kept. */
  readonly traffic: {
    readonly before: Traffic | undefined;
    readonly during: Traffic | undefined;
    readonly after: Traffic | undefined;
  };
  /** Every event of it, oldest first. */
  readonly events: readonly TimelineEvent[];
}

export interface Actor {
  readonly slot: string;
  readonly generation: number;
  readonly version: string | undefined;
}

/** What is known from elsewhere: the kubelet's doings, on sluice's clock. */
export interface OutsideMark {
  readonly slot: string;
  readonly what: "pulling" | "pulled" | "started";
  readonly at: number;
  readonly message: string;
}

/** Events that are missing, or a history that no sluice has, must not make a phase end before it begins. */
export function inOrder(phases: readonly Phase[]): readonly Phase[] {
  return phases.map((phase) =>
    phase.until !== undefined && phase.until < phase.from ? { ...phase, until: phase.from } : phase,
  );
}

/** "v2 in slot b", as sluice's own messages say it. */
export function nameOf({ slot, version }: Actor): string {
  return version === undefined ? `the app in slot ${slot}` : `${version} in slot ${slot}`;
}
