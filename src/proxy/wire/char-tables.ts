// What each byte may be part of, as tables for the one pass over a head. They are made from the rules over text, which stay
// the one source.

import { areFieldsSound, isToken } from "../field-check.ts";
import { parseTarget } from "../target.ts";

export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;

/** For a byte of a token its lower case, else 0. */
export const TOKEN: Uint8Array = table((char) => (isToken(char) ? char.toLowerCase().charCodeAt(0) : 0));
/** 1 for a byte that a field's value may contain. */
export const VALUE: Uint8Array = table((char) => (areFieldsSound(["x", char]) ? 1 : 0));
/** 1 for a byte that a target may contain. */
export const TARGET: Uint8Array = table((char) => (parseTarget(`/${char}`) ? 1 : 0));
/** The value of a hexadecimal digit, plus 1; else 0. */
export const HEX: Uint8Array = table((char) =>
  /^[0-9A-Fa-f]$/.test(char) ? Number.parseInt(char, 16) + 1 : 0,
);

function table(entry: (char: string) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => entry(String.fromCharCode(code)));
}
