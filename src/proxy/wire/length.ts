// Content-Length in the bytes of a head (RFC 9112 6.2, RFC 9110 8.6): digits and nothing else.

import { CONTENT_LENGTH } from "./field-kinds.ts";
import type { FieldLines } from "./field-lines.ts";

/** There is none. */
export const NO_LENGTH = -1;
/** Not all digits, or beyond what can be counted exactly. */
export const UNSOUND = -2;

const ZERO = 0x30;
const NINE = 0x39;
/** Of Number.MAX_SAFE_INTEGER; leading zeros do not count. */
const MOST_DIGITS = 16;

/** The value of the line, which must occur once. */
export function lengthOf(bytes: Uint8Array, lines: FieldLines): number {
  const line = lines.lineOf[CONTENT_LENGTH]!;
  const end = lines.valueEnd[line]!;
  let at = lines.valueAt[line]!;
  if (at === end) return UNSOUND;
  while (at < end - 1 && bytes[at] === ZERO) at++;
  if (end - at > MOST_DIGITS) return UNSOUND;
  let length = 0;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return UNSOUND;
    length = length * 10 + (byte - ZERO);
  }
  return Number.isSafeInteger(length) ? length : UNSOUND;
}
