// What the two servers ask of the sidecar. sidecar.ts implements it; a refusal is a thrown SluiceError, whose code gives
// the status and whose message goes to the caller in plain words.

import type { Readable } from "node:stream";
import type { Account } from "../drain/tickets.ts";
import type { Handshake, LifelineLine } from "../health/facts.ts";

/** The sidecar's side of an open handshake stream. */
export interface Lifeline {
  /** Called once, as soon as the connection has ended, in whatever way. */
  lost(): void;
}

export interface LifelineStream {
  /** Writes one line; false if the peer does not read (more than 64 KiB wait): the caller then ends the stream. */
  send(line: LifelineLine): boolean;
  /** Ends the stream from sluice's side (superseded). */
  end(): void;
}

export interface GateOrder {
  readonly open: boolean;
  readonly reason: string | undefined;
  readonly ttlMs: number | undefined;
}

export interface SlotStatus {
  readonly name: string;
  readonly address: string;
  /** empty: no living generation. */
  readonly state:
    | "empty"
    | "starting"
    | "standby"
    | "active"
    | "unwinding"
    | "draining"
    | "stopping"
    | "lost";
  readonly generation: number | undefined;
  readonly version: string | undefined;
  readonly instance: string | undefined;
  /** Since the handshake, ms. */
  readonly ageMs: number | undefined;
  readonly ready: boolean;
  /** Plain words: what is waited for, or why it is not ready. Empty when ready. */
  readonly waitingFor: readonly string[];
  readonly probe: { readonly state: "unknown" | "passing" | "failing" | "off"; readonly detail: string };
  readonly gates: Readonly<Record<string, { readonly open: boolean; readonly reason: string }>>;
  readonly inFlight: number;
  /** ms until the drain's deadline, while there is one. */
  readonly drainLeftMs: number | undefined;
}

export interface Status {
  readonly ready: boolean;
  /** One sentence: why ready or not. */
  readonly reason: string;
  readonly active: string | undefined;
  readonly pod: "serving" | "leaving" | "drained" | "exiting";
  /** ms until the Pod's deadline, while it is leaving. */
  readonly podLeftMs: number | undefined;
  readonly slots: readonly SlotStatus[];
  readonly held: number;
  /** Requests that were ever held, and the longest of their waits that has ended. */
  readonly holds: { readonly total: number; readonly longestMs: number };
  /** Requests that were sent a second time. */
  readonly replayed: number;
  readonly connections: number;
  readonly account: Account;
  readonly uptimeMs: number;
  readonly sluice: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
  readonly active: string | undefined;
  readonly slots: readonly Pick<
    SlotStatus,
    "name" | "state" | "version" | "ready" | "waitingFor" | "gates"
  >[];
}

/** An entry of the timeline, as `GET /v1/events` streams it (JSON lines) and the log prints it. */
export interface TimelineEvent {
  /** Ascending, from 1. */
  readonly id: number;
  /** Wall clock, ISO 8601 with ms: for people. Durations come from `monotonicMs`. */
  readonly time: string;
  /** Since sluice's start, ms, monotonic. */
  readonly monotonicMs: number;
  readonly type: string;
  readonly slot: string | undefined;
  readonly generation: number | undefined;
  readonly version: string | undefined;
  /** Plain words: what happened and why. */
  readonly message: string;
  /** Further facts: counts, durations in ms, causes. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** What became of requests since the sample before: one each second, and one at each border of a phase. */
export interface FlowSample {
  /** Ascending, from 1. */
  readonly id: number;
  /** Wall clock, ISO 8601 with ms: for people. */
  readonly time: string;
  /** Its end, since sluice's start, ms, monotonic. */
  readonly monotonicMs: number;
  /** What it covers, up to its end, ms. */
  readonly spanMs: number;
  /** Id of the event at whose moment it was taken; undefined: at a full second. */
  readonly event: number | undefined;
  readonly accepted: number;
  readonly ended: Account["ended"];
  /** At its end, as is `held`. */
  readonly inFlight: number;
  readonly held: number;
  /** Requests that began to wait. */
  readonly holds: number;
  /** The longest wait of the requests that ended, ms. */
  readonly longestHoldMs: number;
  /** Requests that were sent a second time. */
  readonly replayed: number;
  /** Generations that had requests. */
  readonly slots: readonly {
    readonly slot: string;
    readonly generation: number;
    readonly version: string | undefined;
    readonly inFlight: number;
    readonly answered: number;
    /** Failed, refused after it had been sent, or cut. */
    readonly failed: number;
    /** Of its answers, to the first byte, hold included: pairs of bucket and count (src/telemetry/latency-buckets.ts). */
    readonly latency: readonly number[];
  }[];
}

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `ms`: how long it is sampled. */
export type ProfileOrder =
  | { readonly kind: "cpu" | "allocations"; readonly ms: number }
  | { readonly kind: "heap" };

/** What people ask of sluice itself. */
export interface Upkeep {
  logLevel(): LogLevel;
  setLogLevel(level: LogLevel): { readonly level: LogLevel; readonly was: LogLevel };
  /** A text or a stream in the format of Chrome's DevTools. Rejects with PROFILING, HEAP_TOO_LARGE. */
  profile(order: ProfileOrder): Promise<string | Readable>;
}

export interface Backend extends Upkeep {
  status(): Status;
  readiness(): Readiness;
  /** For an external balancer: fails first, as soon as a stop begins. */
  balancer(): { readonly ok: boolean; readonly reason: string };
  /** Throws UNKNOWN_SLOT. */
  slotLiveness(slot: string): { readonly ok: boolean; readonly reason: string };
  /** `accept`: the caller's Accept field, which chooses the format. */
  metrics(accept: string | undefined): Promise<{ readonly contentType: string; readonly body: string }>;

  /** Resolves when the hook may be answered. Joinable; keeps going if the caller leaves. Throws UNKNOWN_SLOT. */
  slotHook(slot: string): Promise<{ readonly outcome: string }>;
  podHook(): Promise<{ readonly outcome: string }>;

  /** Throws UNKNOWN_SLOT, MISSING_SIGNALS, SIGNALS_NOT_CAUGHT, STOPPING. Sends `accepted` on the stream before it returns. */
  handshake(handshake: Handshake, stream: LifelineStream): Lifeline;
  /** Throws UNKNOWN_SLOT, UNKNOWN_GATE, NO_GENERATION. */
  gate(slot: string, gate: string, order: GateOrder): void;
  /** No new requests at once; resolves when those that were on their way have reached the app. Throws UNKNOWN_SLOT, NO_GENERATION. */
  stopping(slot: string): Promise<void>;
  /** Sends `reload` to the app and resolves with the outcome that it reports within 5 s. */
  reload(slot: string): Promise<{ readonly ok: boolean; readonly reason: string }>;
  /** The app's answer to a command. Throws UNKNOWN_COMMAND. */
  outcome(slot: string, id: string, outcome: { readonly ok: boolean; readonly reason: string }): void;
  /** Makes the slot active. Resolves once it is. Throws NO_GENERATION, NOT_READY, DRAINING, STOPPING, UNKNOWN_SLOT. */
  promote(slot: string): { readonly outcome: string };
  /** Drains the slot by order, as its hook would. Resolves when drained or at its deadline. */
  drain(slot: string): Promise<{ readonly outcome: string; readonly inFlight: number }>;

  /**
   * Past events still kept (the newest 1,000), then each new one as it happens. A reader that cannot take an event says false,
   * and the event counts as dropped. Returns the way to end it.
   */
  events(since: number, onEvent: (event: TimelineEvent) => boolean): () => void;
  /** The kept samples above that id, then each new one as it is taken. Returns the way to end it. */
  flow(since: number, onSample: (sample: FlowSample) => void): () => void;
  /** The sample in the making: what happened since the last one. */
  flowNow(): FlowSample;
}
