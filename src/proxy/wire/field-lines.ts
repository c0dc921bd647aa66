// The field lines of a head (RFC 9112 5), found in one pass and kept as places in the bytes. One object serves all heads of an
// engine, one after the other: what is needed for longer is taken out at once.

import { COLON, CR, HT, LF, SP, TOKEN, VALUE } from "./char-tables.ts";
import { hashStep, KINDS, kindOf, OTHER } from "./field-kinds.ts";

/** The bytes end before the head does. */
export const MORE = -1;
/** The bytes break the grammar. */
export const BAD = -2;
/** There are more field lines than allowed. */
export const MANY = -3;

const ALL = -1;

export class FieldLines {
  count = 0;
  /** A bit for each kind that occurs. */
  seen = 0;
  /** A bit for each kind that occurs in more than one line. */
  twice = 0;
  readonly nameAt: Int32Array;
  readonly nameEnd: Int32Array;
  readonly valueAt: Int32Array;
  readonly valueEnd: Int32Array;
  /** After the line's CRLF. */
  readonly lineEnd: Int32Array;
  readonly kind: Uint8Array;
  /** The last line of each kind that occurs. */
  readonly lineOf = new Int32Array(KINDS);
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
    this.nameAt = new Int32Array(most);
    this.nameEnd = new Int32Array(most);
    this.valueAt = new Int32Array(most);
    this.valueEnd = new Int32Array(most);
    this.lineEnd = new Int32Array(most);
    this.kind = new Uint8Array(most);
  }

  /** Reads field lines up to the empty line. Returns the offset after it, or MORE, BAD, MANY. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    this.count = 0;
    this.seen = 0;
    this.twice = 0;
    for (;;) {
      if (at >= to) return MORE;
      if (bytes[at] === CR) {
        if (at + 1 >= to) return MORE;
        return bytes[at + 1] === LF ? at + 2 : BAD;
      }
      at = this.#line(bytes, at, to);
      if (at < 0) return at;
    }
  }

  /** Whether a line of that kind occurs. */
  has(kind: number): boolean {
    return (this.seen & (1 << kind)) !== 0;
  }

  /** Whether more than one line of that kind occurs. */
  repeats(kind: number): boolean {
    return (this.twice & (1 << kind)) !== 0;
  }

  /** The value of the last line of that kind, which must occur; latin1. */
  text(bytes: Buffer, kind: number): string {
    const line = this.lineOf[kind]!;
    return bytes.toString("latin1", this.valueAt[line], this.valueEnd[line]);
  }

  /** Whether that value is `word` (lower case), in whatever case. */
  says(bytes: Uint8Array, kind: number, word: string): boolean {
    const line = this.lineOf[kind]!;
    const at = this.valueAt[line]!;
    if (this.valueEnd[line]! - at !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (TOKEN[bytes[at + i]!] !== word.charCodeAt(i)) return false;
    return true;
  }

  /** Whether the line has the form in which we would write it: name, colon, one space, value, CRLF. */
  isPlain(bytes: Uint8Array, line: number): boolean {
    const { nameEnd, valueAt, valueEnd, lineEnd } = this;
    return (
      valueAt[line] === nameEnd[line]! + 2 &&
      bytes[nameEnd[line]! + 1] === SP &&
      lineEnd[line] === valueEnd[line]! + 2
    );
  }

  /** All of it, or the lines of the kinds in `mask`, as the header rules take it: [name, value, ...]. */
  toFields(bytes: Buffer, mask = ALL): string[] {
    const fields: string[] = [];
    for (let i = 0; i < this.count; i++) {
      if (((1 << this.kind[i]!) & mask) === 0) continue;
      fields.push(bytes.toString("latin1", this.nameAt[i], this.nameEnd[i]));
      fields.push(bytes.toString("latin1", this.valueAt[i], this.valueEnd[i]));
    }
    return fields;
  }

  #line(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    let hash = 0;
    for (let lower = TOKEN[bytes[at]!]!; lower !== 0; lower = TOKEN[bytes[at]!]!) {
      hash = hashStep(hash, lower);
      if (++at >= to) return MORE;
    }
    // No name, or something between name and colon; a line that begins with a space continues the last one, which is refused.
    if (at === from || bytes[at] !== COLON) return BAD;
    const nameEnd = at++;
    while (at < to && (bytes[at] === SP || bytes[at] === HT)) at++;
    const valueAt = at;
    while (at < to && VALUE[bytes[at]!] === 1) at++;
    if (at >= to) return MORE;
    if (bytes[at] !== CR) return BAD;
    if (at + 1 >= to) return MORE;
    if (bytes[at + 1] !== LF) return BAD;
    let valueEnd = at;
    while (valueEnd > valueAt && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HT)) valueEnd--;

    const line = this.count;
    if (line === this.#most) return MANY;
    this.count = line + 1;
    const kind = kindOf(hash, bytes, from, nameEnd);
    this.nameAt[line] = from;
    this.nameEnd[line] = nameEnd;
    this.valueAt[line] = valueAt;
    this.valueEnd[line] = valueEnd;
    this.lineEnd[line] = at + 2;
    this.kind[line] = kind;
    if (kind !== OTHER) {
      const bit = 1 << kind;
      this.twice |= this.seen & bit;
      this.seen |= bit;
      this.lineOf[kind] = line;
    }
    return at + 2;
  }
}
