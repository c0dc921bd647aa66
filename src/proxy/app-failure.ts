// Why an attempt to have the app answer a request has failed.

import type { ErrorCode } from "../errors.ts";

export interface AppFailure {
  /** What the client is told unless the request is sent again. */
  readonly code: ErrorCode;
  /** The connection was refused (ECONNREFUSED). */
  readonly refused: boolean;
  /** Not one byte of the request was written to the app. */
  readonly sentNothing: boolean;
  /** A byte of an answer had come. */
  readonly answerSeen: boolean;
  /** The connection had idled before this request: its end need not mean that the app is gone. */
  readonly stale: boolean;
  /** The code with which the app reset the stream (RFC 9113 7), where it did. */
  readonly reset?: number;
  /** For the log only. */
  readonly cause: string;
}
