// What the sidecar has to do after a step, in this order. Route and readiness are functions of the state instead.

export type Effect =
  /** The handshake stands: its stream speaks for the generation from now on, in place of an earlier one. */
  | {
      readonly do: "accept";
      readonly generation: number;
      readonly slot: string;
      readonly resumed: boolean;
    }
  | { readonly do: "tell"; readonly generation: number; readonly line: "active" | "standby" | "superseded" }
  | { readonly do: "tell-draining"; readonly generation: number; readonly deadlineMs: number }
  /** Ends a lifeline from our side: superseded. */
  | { readonly do: "end-lifeline"; readonly generation: number }
  /** Report "idle" when no request is in flight on the generation. */
  | { readonly do: "await-idle"; readonly generation: number }
  /** Report "quiet" when no request is in flight at all. */
  | { readonly do: "await-quiet" }
  /** The generation takes no more: close its idle connections, the others when they are done. */
  | { readonly do: "retire"; readonly generation: number }
  /** Probe the slot at once, then eagerly until it passes. */
  | { readonly do: "probe"; readonly slot: string }
  /** Answer the slot's hook, after the long-lived answers of `endStreamsOf` have been ended in order. */
  | {
      readonly do: "answer-slot-hook";
      readonly slot: string;
      readonly outcome: string;
      readonly endStreamsOf: number | undefined;
    }
  | { readonly do: "answer-pod-hook"; readonly outcome: string }
  /** A drain that was ordered through the API has ended. */
  | {
      readonly do: "drain-ended";
      readonly slot: string;
      readonly outcome: string;
      readonly endStreamsOf: number | undefined;
    }
  | { readonly do: "wind-down"; readonly overMs: number }
  | { readonly do: "wind-up" }
  /** Accept no further client connections, and finish those that are open; for good. */
  | { readonly do: "close-door" }
  /** End streams in order, cut the rest, then report "cut". */
  | { readonly do: "cut" }
  | {
      readonly do: "save-hint";
      readonly versions: readonly string[];
      readonly instance: string | undefined;
      readonly slot: string;
    }
  | { readonly do: "emit"; readonly event: Emission }
  | { readonly do: "exit"; readonly code: 0 | 70 };

/** An entry of the timeline; the sidecar adds id and times, and the in-flight count of `countOf`. */
export interface Emission {
  readonly type: EmissionType;
  readonly slot?: string;
  readonly generation?: number;
  readonly version?: string | undefined;
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  /** Adds `inFlight`: of this generation, or of all ("all"). */
  readonly countOf?: number | "all";
}

export type EmissionType =
  | "handshake"
  | "handshake_refused"
  | "lifeline_lost"
  | "lifeline_resumed"
  | "superseded"
  | "generation_gone"
  | "probe_passed"
  | "probe_failed"
  | "reachable"
  | "unreachable"
  | "gate_opened"
  | "gate_closed"
  | "gate_expired"
  | "ready"
  | "not_ready"
  | "switch"
  | "hold_began"
  | "drain_began"
  | "drain_ended"
  | "drain_deadline"
  | "standby"
  | "stopping"
  | "hook_asked"
  | "hook_answered"
  | "hook_expired"
  | "pod_leaving"
  | "pod_alone"
  | "lame_duck"
  | "last_call"
  | "pod_deadline"
  | "pod_drained"
  | "pod_serving_again"
  | "signal";
