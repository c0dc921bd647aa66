// What can happen. Every event carries its time (monotonic ms); nothing in lifecycle/ reads a clock.

export type Event = { readonly at: number } & Happening;

export type Happening =
  // Facts about the app.
  | {
      readonly type: "handshake";
      readonly slot: string;
      readonly version: string;
      readonly instance: string;
      readonly signals: readonly string[];
    }
  | {
      readonly type: "handshake-refused";
      readonly slot: string;
      readonly version: string;
      readonly reason: string;
    }
  | { readonly type: "lifeline-lost"; readonly generation: number }
  | {
      readonly type: "probe";
      readonly slot: string;
      readonly ok: boolean;
      readonly refused: boolean;
      readonly detail: string;
    }
  /** A request found the generation's address closed. */
  | { readonly type: "refused"; readonly generation: number }
  | {
      readonly type: "gate";
      readonly slot: string;
      readonly gate: string;
      readonly open: boolean;
      readonly reason: string | undefined;
      readonly ttlMs: number | undefined;
    }
  | { readonly type: "stopping"; readonly slot: string }
  // Facts about the work.
  /** No request is in flight on the generation. */
  | { readonly type: "idle"; readonly generation: number }
  /** No request is in flight at all. */
  | { readonly type: "quiet" }
  /** What was left at a deadline has been ended; `count` answers were cut. */
  | { readonly type: "cut"; readonly count: number }
  // Orders.
  | { readonly type: "slot-hook"; readonly slot: string }
  | { readonly type: "pod-hook" }
  | { readonly type: "signal"; readonly signal: "SIGTERM" | "SIGINT" }
  | { readonly type: "promote"; readonly slot: string }
  | { readonly type: "drain"; readonly slot: string }
  /** A moment that `dueAt` named has come. */
  | { readonly type: "tick" };
