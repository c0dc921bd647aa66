// The body of `PUT /v1/slots/{slot}/gates/{gate}`.

import type { GateOrder } from "../api/backend.ts";
import { parseDuration } from "../config/duration.ts";
import { SluiceError } from "../errors.ts";

const REASON = /^[^\p{Cc}]{0,256}$/u;
const SHORTEST_TTL_MS = 1_000;
const LONGEST_TTL_MS = 24 * 3_600_000;

/** Reads an order for a gate; keys that it does not know are ignored. Throws BAD_BODY that lists every problem. */
export function parseGateOrder(body: unknown): GateOrder {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new SluiceError(
      "BAD_BODY",
      'the order must be a JSON object such as {"open":true,"reason":"registered","ttl":"30s"}',
    );
  }
  const { open, reason, ttl } = body as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  const isSwitch = typeof open === "boolean";
  if (!isSwitch) problems.push('"open" must be true or false');
  const isReason = reason === undefined || (typeof reason === "string" && REASON.test(reason));
  if (!isReason) problems.push('"reason", if given, must be one line of at most 256 characters');
  const ttlMs = typeof ttl === "string" ? parseDuration(ttl) : undefined;
  if (ttl !== undefined && (ttlMs === undefined || ttlMs < SHORTEST_TTL_MS || ttlMs > LONGEST_TTL_MS)) {
    problems.push('"ttl", if given, must be a string with a unit from "1s" to "24h"');
  }
  if (!isSwitch || !isReason || problems.length > 0) {
    throw new SluiceError("BAD_BODY", `the order for the gate cannot be used: ${problems.join("; ")}`);
  }
  return { open, reason: reason || undefined, ttlMs };
}
