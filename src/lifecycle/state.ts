// The whole life of the Pod as one value. Times are monotonic ms. Health (what we know of a generation) and phase (what we
// do with it) are separate, so that a passing probe never turns a draining slot back into a serving one.

export interface Settings {
  /** Names of the slots, in order of preference. */
  readonly slots: readonly string[];
  readonly handshake: "required" | "off";
  readonly probe: "on" | "off";
  /** Probes that must fail in a row. */
  readonly probeFailures: number;
  readonly gates: readonly string[];
  readonly switch: "auto" | "manual";
  readonly graceMs: number;
  readonly drainDelayMs: number;
  readonly slotDrainMs: number;
  readonly exitReserveMs: number;
  readonly holdTimeoutMs: number;
}

/** R1: how long a slot's hook waits for the Pod's; R2, R3: how long the Pod's hook waits for the slots'. */
export const HOOK_WINDOW_MS = 1_000;
/** The same instance back within this time resumes its generation. */
export const RESUME_WINDOW_MS = 1_000;
/** R4: an order from a hook expires this long after the grace. */
export const EXPIRY_SLACK_MS = 5_000;
/**
 * After a restart of sluice: how long the previously active instance is waited for, its client's pauses of up to 1 s and a CPU
 * that is short included. What is held meanwhile must still reach another that is ready: no longer than half of its time, if
 * that is enough for a client to come back.
 */
const AWAIT_INSTANCE_MS = 5_000;
const LEAST_AWAIT_MS = 2_000;
/** R5: what is left once the kubelet has given up waiting for a hook. */
export const LAST_MOMENT_MS = 1_000;
/** A slot's liveness fails only when its probe has been failing for at least this long. */
export const LIVENESS_PATIENCE_MS = 5_000;

export interface Gate {
  readonly open: boolean;
  readonly reason: string;
  readonly expiresAt: number | undefined;
}

export type Lifeline =
  | { readonly kind: "open" }
  /** No handshake is required: the probe speaks for the app. */
  | { readonly kind: "none" }
  | { readonly kind: "lost"; readonly at: number };

export interface Drain {
  readonly cause: "hook" | "order";
  readonly since: number;
  readonly deadline: number;
  /** Its last request has left, or its deadline has passed. */
  readonly ended: boolean;
}

export interface Generation {
  /** Unique in the life of this sluice, > 0. */
  readonly id: number;
  readonly slot: string;
  readonly version: string | undefined;
  readonly instance: string | undefined;
  readonly signals: readonly string[];
  readonly since: number;
  readonly lifeline: Lifeline;
  /** False from a refused connection to the next passed probe. */
  readonly reachable: boolean;
  readonly probe: "unknown" | "passing" | "failing";
  readonly probeDetail: string;
  readonly failures: number;
  readonly failingSince: number | undefined;
  readonly gates: Readonly<Record<string, Gate>>;
  /** R6: the app said that it got SIGTERM. */
  readonly stopping: boolean;
  readonly drain: Drain | undefined;
  /** No longer active, but requests that it took are still in flight. */
  readonly unwinding: boolean;
  readonly told: "active" | "standby" | undefined;
  /** Was ready when last looked at; for the timeline only. */
  readonly wasReady: boolean;
}

export interface SlotHook {
  readonly askedAt: number;
  /** R2: it came to a slot without a generation, so a container is starting there. */
  readonly cameToEmpty: boolean;
  readonly answeredAt: number | undefined;
}

export interface Slot {
  readonly name: string;
  readonly generation: Generation | undefined;
  readonly hook: SlotHook | undefined;
  /** The last probe, also of a slot without a generation. */
  readonly lastProbe: { readonly ok: boolean; readonly detail: string } | undefined;
  readonly refusedHandshake: { readonly version: string; readonly reason: string } | undefined;
  /** A clean replacement is under way: until then held requests may be expected to succeed, and the Pod stays ready. */
  readonly expectedUntil: number | undefined;
}

export type Pod =
  | { readonly phase: "serving" }
  | {
      readonly phase: "leaving";
      readonly since: number;
      /** The minimum delay ends. */
      readonly lameDuckUntil: number;
      readonly deadline: number;
      /** The Pod's hook waits for its answer. */
      readonly hooked: boolean;
      /** R3: no slot's hook came, sluice's container alone is being replaced. */
      readonly alone: boolean;
      /** R3 has been decided. */
      readonly judged: boolean;
      readonly signal: "SIGTERM" | "SIGINT" | undefined;
      /** Nobody is left to serve and nobody is expected: held requests are refused. */
      readonly hopeless: boolean;
      /** The end is near: new requests are refused, so that those in flight can end before the deadline. */
      readonly lastCall: boolean;
      /** No further client connections are accepted. */
      readonly doorClosed: boolean;
      /** The sidecar was asked to report when nothing is in flight. */
      readonly awaitingQuiet: boolean;
      /** The deadline has come; what is left is being ended. */
      readonly cutting: boolean;
    }
  | {
      readonly phase: "drained";
      readonly since: number;
      readonly hooked: boolean;
      readonly cut: number;
      /** SIGTERM came after the drain: exit as soon as nothing is in flight, by this time at the latest. */
      readonly exitBy: number | undefined;
      readonly cutting: boolean;
    }
  | { readonly phase: "exiting"; readonly code: 0 | 70 };

export interface State {
  readonly settings: Settings;
  readonly slots: readonly Slot[];
  /** Id of the active generation. */
  readonly active: number | undefined;
  /** Id of the generation that was active before nobody was. */
  readonly lastActive: number | undefined;
  /** Versions that were ever active in this Pod. */
  readonly everActive: readonly string[];
  /** The instance that was active before sluice was restarted, while it is waited for. */
  readonly awaited:
    | { readonly instance: string; readonly slot: string | undefined; readonly until: number }
    | undefined;
  readonly nextGeneration: number;
  /** Since when no generation could be expected to serve; for R2. */
  readonly desertedSince: number | undefined;
  readonly pod: Pod;
}

/** What is kept over a restart of sluice itself: a hint only. */
export interface Hint {
  readonly versions: readonly string[];
  readonly instance: string | undefined;
  readonly slot: string | undefined;
}

export function initialState(settings: Settings, at: number, hint: Hint | undefined): State {
  return {
    settings,
    slots: settings.slots.map((name) => ({
      name,
      generation: undefined,
      hook: undefined,
      lastProbe: undefined,
      refusedHandshake: undefined,
      expectedUntil: undefined,
    })),
    active: undefined,
    lastActive: undefined,
    everActive: hint?.versions ?? [],
    awaited:
      hint?.instance === undefined
        ? undefined
        : { instance: hint.instance, slot: hint.slot, until: at + awaitMs(settings) },
    nextGeneration: 1,
    desertedSince: at,
    pod: { phase: "serving" },
  };
}

function awaitMs({ holdTimeoutMs }: Settings): number {
  return Math.min(AWAIT_INSTANCE_MS, Math.max(LEAST_AWAIT_MS, holdTimeoutMs / 2));
}

export function slotOf(state: State, name: string): Slot | undefined {
  return state.slots.find((slot) => slot.name === name);
}

/** The generation with that id, as long as it is its slot's present one. */
export function generationOf(state: State, id: number | undefined): Generation | undefined {
  return id === undefined ? undefined : state.slots.find((slot) => slot.generation?.id === id)?.generation;
}

export function activeGeneration(state: State): Generation | undefined {
  return generationOf(state, state.active);
}
