// Replay: when a request may be sent a second time.

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
  /** It was replayed, and not for the death of the generation that it has now failed with. */
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

/** Whether a request whose attempt failed may be sent again: only if the app cannot be made to act twice, and once (retries.ts). */
export function replayVerdict(facts: AttemptFacts): "replay" | "fail" {
  if (facts.answerSeen || facts.replayedBefore) return "fail";
  if (facts.refused || facts.sentNothing) return "replay";
  return facts.bodyInHand && (facts.hasIdempotencyKey || isIdempotent(facts.method)) ? "replay" : "fail";
}
