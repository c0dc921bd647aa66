// The facts that health/ reports. sidecar.ts turns them into events of the lifecycle; health/ decides nothing.

/** A line of the lifeline, from sluice to the app. One JSON object per line. */
export type LifelineLine =
  | {
      readonly type: "accepted";
      readonly slot: string;
      readonly generation: number;
      readonly resumed: boolean;
    }
  | { readonly type: "active" }
  | { readonly type: "standby" }
  | { readonly type: "draining"; readonly deadlineMs: number }
  | { readonly type: "superseded" }
  | { readonly type: "reload"; readonly id: string }
  /** Every 15 s, so that a peer behind a half-open connection notices. */
  | { readonly type: "ping" };

/** The body of `POST /v1/slots/{slot}/handshake`, validated. */
export interface Handshake {
  readonly slot: string;
  /** 1 to 128 printable characters. */
  readonly version: string;
  /** Random per process, 8 to 128 characters. */
  readonly instance: string;
  /** e.g. ["SIGTERM", "SIGUSR2", "reload"]. */
  readonly signals: readonly string[];
  /** Only used with --shared-pids. */
  readonly pid: number | undefined;
}

export interface ProbeResult {
  readonly slot: string;
  readonly ok: boolean;
  /** The connection was refused: nobody listens there. */
  readonly refused: boolean;
  /** The probe could not be made for want of something of sluice's own (file descriptors): it says nothing of the app. */
  readonly unmade?: true;
  /** In plain words: "answered 503 to GET /healthz", "connection refused", "no answer within 1s". */
  readonly detail: string;
}

export type ProbeTarget =
  | { readonly kind: "http"; readonly path: string }
  | { readonly kind: "tcp" }
  | { readonly kind: "grpc"; readonly service: string }
  | { readonly kind: "off" };
