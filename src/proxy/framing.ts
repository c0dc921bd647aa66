// How long a message's body is (RFC 9112 6.3), read strictly: what two readers could take in two ways is malformed.

import { type Fields, valuesOf } from "./headers/fields.ts";

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "counted"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "malformed" };

/** An answer may also end with its connection (RFC 9112 6.3, rule 8). */
export type AnswerFraming = Framing | { readonly kind: "until-close" };

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const MALFORMED: Framing = { kind: "malformed" };

/**
 * What Content-Length and Transfer-Encoding say together. Malformed: both; two field lines of one, equal or not; a list; a
 * length that is not all digits or not a safe integer; any coding but chunked; any coding in HTTP/1.0 (RFC 9112 6.1, 6.2).
 */
export function framingOf(fields: Fields, httpVersion: string): Framing {
  const codings = valuesOf(fields, "transfer-encoding");
  const lengths = valuesOf(fields, "content-length");
  if (codings.length + lengths.length > 1) return MALFORMED;
  if (codings.length === 1) {
    return httpVersion === "1.1" && codings[0]!.toLowerCase() === "chunked" ? CHUNKED : MALFORMED;
  }
  if (lengths.length === 0) return NONE;
  if (!/^[0-9]+$/.test(lengths[0]!)) return MALFORMED;
  const length = Number(lengths[0]);
  return Number.isSafeInteger(length) ? { kind: "counted", length } : MALFORMED;
}

export interface AnswerHead {
  readonly status: number;
  readonly rawHeaders: Fields;
  /** Version of the app's answer; "1.1" where the client library does not tell. */
  readonly httpVersion?: string;
  /** Method of the request that is answered. */
  readonly method: string;
}

/**
 * The body of an answer. Whatever its fields say, there is none after HEAD, 1xx, 204 and 304 (RFC 9112 6.3, rule 1), but
 * contradictory fields are malformed there too, since a later reader may go by them.
 */
export function answerFraming(head: AnswerHead): AnswerFraming {
  const framing = framingOf(head.rawHeaders, head.httpVersion ?? "1.1");
  if (framing.kind === "malformed") return framing;
  const { status } = head;
  if (head.method === "HEAD" || status < 200 || status === 204 || status === 304) return NONE;
  return framing.kind === "none" ? { kind: "until-close" } : framing;
}
