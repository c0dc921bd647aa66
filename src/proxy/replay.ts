// Replay: when a request may be sent a second time, and what the client is told when it may not.

import type { ErrorCode } from "../errors.ts";

export interface AttemptFacts {
  /** A byte of the app's answer was seen, an interim one included. */
  readonly answerSeen: boolean;
  /** The connection was refused. The engine has not touched the body then. */
  readonly refused: boolean;
  /** Not one byte of the request was written. The engine still has the whole body, read or unread. */
  readonly sentNothing: boolean;
  readonly method: string;
  readonly hasIdempotencyKey: boolean;
  /** Every byte of the body that was read from the client is still kept, so that it can be sent again from its start. */
  readonly bodyInHand: boolean;
  readonly replayedBefore: boolean;
}

/** Whether executing the method twice has the effect of executing it once (RFC 9110 9.2.2). Methods are case-sensitive. */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "TRACE":
    case "PUT":
    case "DELETE":
      return true;
    default:
      return false;
  }
}

/** Whether a request whose attempt failed may be sent again: once, and only if the app cannot be made to act twice. */
export function replayVerdict(facts: AttemptFacts): "replay" | "fail" {
  if (facts.answerSeen || facts.replayedBefore) return "fail";
  if (facts.refused || facts.sentNothing) return "replay";
  return facts.bodyInHand && (facts.hasIdempotencyKey || isIdempotent(facts.method)) ? "replay" : "fail";
}

export type UpstreamFailure = "refused" | "connect-timeout" | "closed" | "malformed" | "response-timeout";

/** The one place that turns a failure on the app's side into what the client is told. */
export function failureCode(failure: UpstreamFailure): ErrorCode {
  switch (failure) {
    case "refused":
      return "APP_UNREACHABLE";
    case "connect-timeout":
      return "APP_CONNECT_TIMEOUT";
    case "closed":
      return "APP_CLOSED";
    case "malformed":
      return "APP_MALFORMED";
    case "response-timeout":
      return "APP_TIMEOUT";
  }
}
