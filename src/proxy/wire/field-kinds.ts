// Which of the few fields that matter a name is, told by the hash that the scan of the head has computed on the way. The names
// come from the header rules; whatever is not among them is passed on unseen.

import { claimsClient } from "../headers/forwarded.ts";
import { HOP_BY_HOP } from "../headers/hop-by-hop.ts";
import { TOKEN } from "./char-tables.ts";

export const OTHER = 0;
/** Hop-by-hop: never passed on. */
export const HOP = 1;
export const CONNECTION = 2;
export const CONTENT_LENGTH = 3;
export const TRANSFER_ENCODING = 4;
export const HOST = 5;
export const EXPECT = 6;
export const TRAILER = 7;
export const TE = 8;
export const UPGRADE = 9;
export const REQUEST_ID = 10;
/** Claims to know the client, or is a spelling of the request id that an app may merge with ours. */
export const CLAIM = 11;
export const IDEMPOTENCY_KEY = 12;
export const KEEP_ALIVE = 13;
export const DATE = 14;
export const CONTENT_TYPE = 15;
/** traceparent or tracestate. */
export const TRACE = 16;
export const KINDS = 17;

const NAMED: readonly (readonly [name: string, kind: number])[] = [
  ["connection", CONNECTION],
  ["content-length", CONTENT_LENGTH],
  ["transfer-encoding", TRANSFER_ENCODING],
  ["host", HOST],
  ["expect", EXPECT],
  ["trailer", TRAILER],
  ["te", TE],
  ["upgrade", UPGRADE],
  ["x-request-id", REQUEST_ID],
  ["idempotency-key", IDEMPOTENCY_KEY],
  ["keep-alive", KEEP_ALIVE],
  ["date", DATE],
  ["content-type", CONTENT_TYPE],
  ["forwarded", CLAIM],
  ["traceparent", TRACE],
  ["tracestate", TRACE],
];

interface Entry {
  readonly name: string;
  readonly kind: number;
  readonly hash: number;
}

const MASK = 0xff;
const SLOTS: readonly (Entry | undefined)[] = slotsOf(
  new Map([...[...HOP_BY_HOP].map((name) => [name, HOP] as const), ...NAMED]),
);

const X = 0x78;
const F = 0x66;
const R = 0x72;

/** One step of the hash; begins with 0, takes each byte of the name in lower case. */
export function hashStep(hash: number, lower: number): number {
  return (Math.imul(hash, 31) + lower) | 0;
}

/** The kind of the name in `bytes`, a token, whose hash is known. */
export function kindOf(hash: number, bytes: Uint8Array, at: number, end: number): number {
  // The family of X-Forwarded-* has no end: what may belong to it is looked at as text.
  if (TOKEN[bytes[at]!] === X && end - at > 8) {
    const third = TOKEN[bytes[at + 2]!];
    if (third === F || third === R) return kindOfX(bytes, at, end);
  }
  for (let slot = hash & MASK; ; slot = (slot + 1) & MASK) {
    const entry = SLOTS[slot];
    if (entry === undefined) return OTHER;
    if (entry.hash === hash && isName(entry.name, bytes, at, end)) return entry.kind;
  }
}

function kindOfX(bytes: Uint8Array, at: number, end: number): number {
  let name = "";
  for (let i = at; i < end; i++) name += String.fromCharCode(TOKEN[bytes[i]!]!);
  if (name === "x-request-id") return REQUEST_ID;
  return claimsClient(name) || name.replaceAll("_", "-") === "x-request-id" ? CLAIM : OTHER;
}

function isName(name: string, bytes: Uint8Array, at: number, end: number): boolean {
  if (name.length !== end - at) return false;
  for (let i = 0; i < name.length; i++) if (TOKEN[bytes[at + i]!] !== name.charCodeAt(i)) return false;
  return true;
}

function slotsOf(kinds: ReadonlyMap<string, number>): (Entry | undefined)[] {
  const slots: (Entry | undefined)[] = Array.from({ length: MASK + 1 }, () => undefined);
  for (const [name, kind] of kinds) {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = hashStep(hash, name.charCodeAt(i));
    let slot = hash & MASK;
    while (slots[slot]) slot = (slot + 1) & MASK;
    slots[slot] = { name, kind, hash };
  }
  return slots;
}
