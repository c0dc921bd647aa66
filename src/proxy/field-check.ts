// Whether the field lines of a head may be passed on as they are (RFC 9110 5.1, 5.5).

import type { Fields } from "./headers/fields.ts";

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible ASCII, obs-text, space and tab; so no CR, LF or NUL, and none of the other controls either. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether every name is a token and every value is free of control characters. */
export function areFieldsSound(fields: Fields): boolean {
  if (fields.length % 2 !== 0) return false;
  for (let i = 0; i < fields.length; i += 2) {
    if (!TOKEN.test(fields[i]!) || !VALUE.test(fields[i + 1]!)) return false;
  }
  return true;
}

/** Bytes of the field lines on the wire, at least: name, ": ", value, CRLF. */
export function fieldBytes(fields: Fields): number {
  let bytes = 0;
  for (const text of fields) bytes += text.length + 2;
  return bytes;
}
