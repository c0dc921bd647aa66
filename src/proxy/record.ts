// What is known of a request when it has ended: the source of metrics, access log, account and excuses.

import type { Ending } from "../drain/tickets.ts";
import type { ErrorCode } from "../errors.ts";
import type { RequestTrace } from "./trace.ts";

export interface RequestRecord {
  readonly requestId: string;
  /** As sent by the client; metrics fold unknown ones into "other". Empty for a malformed head. */
  readonly method: string;
  /** For the access log only, never a label. */
  readonly target: string;
  readonly ending: Ending;
  /** Why it ended otherwise than "answered". */
  readonly code: ErrorCode | undefined;
  /** Status sent to the client (or that would have been: 499 for a client that left); 0 if none was. */
  readonly status: number;
  /** The generation that it was last sent to; 0 if it reached none. */
  readonly generation: number;
  readonly slot: string | undefined;
  readonly version: string | undefined;
  /** Whether any byte of the request was written to that generation. */
  readonly written: boolean;
  readonly replayed: boolean;
  readonly kind: "request" | "websocket" | "event-stream";
  /** Time spent held, ms. */
  readonly heldMs: number;
  /** From ticket to end, ms. */
  readonly durationMs: number;
  /** From ticket to the first byte of the app's final head, ms; undefined if none came. */
  readonly firstByteMs: number | undefined;
  readonly client: string;
  /** What went wrong inside, for the log only. */
  readonly cause: string | undefined;
  /** Undefined unless the request is sampled. */
  readonly trace?: RequestTrace | undefined;
}
