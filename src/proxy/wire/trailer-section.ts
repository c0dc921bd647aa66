// The end of a chunked message: trailer fields, if any, and the empty line (RFC 9112 7.1.2). What may not come in this way is left
// out, so this is the one part of a body that is collected before it goes on.

import { trailerFields } from "../headers/trailers.ts";
import { BAD, type FieldLines, MORE } from "./field-lines.ts";
import { linesOf } from "./kept-lines.ts";

export class TrailerSection {
  /** What goes on, the empty line included, once `take` has found the end. */
  text = "";
  #begun: Buffer | undefined = undefined;

  /**
   * Takes bytes from behind the last chunk. Returns the offset after the section; MORE: all was taken, and the end is not there
   * yet; BAD: no sound section, or one longer than `most` bytes.
   */
  take(bytes: Buffer, from: number, to: number, lines: FieldLines, most: number): number {
    const begun = this.#begun;
    const whole = begun ? Buffer.concat([begun, bytes.subarray(from, to)]) : bytes;
    const at = begun ? 0 : from;
    const end = lines.scan(whole, at, begun ? whole.length : to);
    if (end === MORE && (begun ? whole.length : to - from) <= most) {
      this.#begun = begun ? whole : Buffer.from(bytes.subarray(from, to));
      return MORE;
    }
    this.#begun = undefined;
    if (end < 0 || end - at > most) return BAD;
    this.text = lines.count === 0 ? "\r\n" : `${linesOf(trailerFields(lines.toFields(whole)))}\r\n`;
    return begun ? from + end - begun.length : end;
  }
}
