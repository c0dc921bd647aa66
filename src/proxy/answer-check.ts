// What of an answer's head is not passed on: the app is trusted, but a client must be able to tell where its answer ends.

import type { ErrorCode } from "../errors.ts";
import { areFieldsSound, fieldBytes } from "./field-check.ts";
import { type AnswerHead, answerFraming } from "./framing.ts";
import type { HeadLimits } from "./request-check.ts";

/**
 * APP_MALFORMED for a status outside 100 to 599 (RFC 9110 15), unsound fields, contradictory framing (RFC 9112 6.3) or a head
 * beyond the limits; undefined if the answer may be passed on. A 101 is for the engine to judge: was an upgrade asked for?
 */
export function answerCheck(
  head: AnswerHead,
  limits: Pick<HeadLimits, "maxHeadBytes" | "maxFields">,
): ErrorCode | undefined {
  const { status, rawHeaders } = head;
  if (!Number.isInteger(status) || status < 100 || status > 599) return "APP_MALFORMED";
  if (rawHeaders.length / 2 > limits.maxFields || fieldBytes(rawHeaders) > limits.maxHeadBytes)
    return "APP_MALFORMED";
  if (!areFieldsSound(rawHeaders)) return "APP_MALFORMED";
  return answerFraming(head).kind === "malformed" ? "APP_MALFORMED" : undefined;
}
