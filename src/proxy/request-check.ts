// What of a request's head is refused, and with which code. Nothing is repaired: a request is passed on as it came or not
// at all, since a repair is an interpretation that the app may not share (request smuggling).

import type { ErrorCode } from "../errors.ts";
import { areFieldsSound, fieldBytes, isToken } from "./field-check.ts";
import { framingOf } from "./framing.ts";
import { type Fields, valuesOf } from "./headers/fields.ts";
import { opensWebSocket } from "./headers/upgrade.ts";
import type { Limits } from "./limits.ts";
import { agrees, isHost, parseTarget } from "./target.ts";

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** "1.0", "1.1"; anything else is refused. */
  readonly httpVersion: string;
  readonly rawHeaders: Fields;
}

export type HeadLimits = Pick<Limits, "maxHeadBytes" | "maxTargetBytes" | "maxFields">;

/** Why the request is refused; undefined if it may be passed on. Of several reasons the first in reading order counts. */
export function checkHead(head: RequestHead, limits: HeadLimits): ErrorCode | undefined {
  const { method, target, httpVersion, rawHeaders } = head;
  if (!isToken(method)) return "MALFORMED_REQUEST";
  if (target.length > limits.maxTargetBytes) return "TARGET_TOO_LONG";
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "VERSION_REFUSED";
  if (method === "CONNECT") return "METHOD_REFUSED";
  if (rawHeaders.length / 2 > limits.maxFields || headBytes(head) > limits.maxHeadBytes)
    return "HEAD_TOO_LARGE";
  if (!areFieldsSound(rawHeaders)) return "MALFORMED_REQUEST";
  if (!isAddressed(head)) return "MALFORMED_REQUEST";
  const framing = framingOf(rawHeaders, httpVersion);
  if (framing.kind === "malformed") return "MALFORMED_REQUEST";
  // After an upgrade the parser stops, so a body would be read as frames by one side and as a body by the other.
  const hasBody = framing.kind === "chunked" || (framing.kind === "counted" && framing.length > 0);
  if (hasBody && opensWebSocket(method, httpVersion, rawHeaders)) return "MALFORMED_REQUEST";
  return undefined;
}

/** RFC 9112 3.2: one sound Host (in HTTP/1.0 it may be missing), a target of a served form, and no contradiction of the two. */
function isAddressed(head: RequestHead): boolean {
  const hosts = valuesOf(head.rawHeaders, "host");
  if (hosts.length > 1 || (hosts.length === 0 && head.httpVersion !== "1.0")) return false;
  const host = hosts[0];
  if (host !== undefined && !isHost(host)) return false;
  const target = parseTarget(head.target);
  if (!target) return false;
  if (target.form === "asterisk") return head.method === "OPTIONS";
  // RFC 9112 3.2.2 lets a proxy overwrite Host; a client for which the two differ means mischief, so it is refused.
  return target.form === "origin" || host === undefined || agrees(target, host);
}

/** Request line, field lines and the empty line, in bytes; optional whitespace that the parser removed is not counted. */
function headBytes(head: RequestHead): number {
  return (
    head.method.length +
    head.target.length +
    " ".length * 2 +
    "HTTP/1.1\r\n".length +
    fieldBytes(head.rawHeaders) +
    2
  );
}
