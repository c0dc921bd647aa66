// An answer's head (RFC 9112 4, 5), read in one pass: where its parts are, or why it is not passed on.

import type { HeadLimits } from "../request-check.ts";
import { CR, LF, SP, VALUE } from "./char-tables.ts";
import { BAD, FieldLines, MANY, MORE } from "./field-lines.ts";

const VERSION = "HTTP/1.";
const ZERO = 0x30;
const NINE = 0x39;
/** Type and place of it in the first frame of an HTTP/2 server (RFC 9113 3.4, 4.1). */
const SETTINGS = 0x04;
const FRAME_TYPE_AT = 3;

export class AnswerScan {
  readonly lines: FieldLines;
  from = 0;
  /** HTTP/1.x */
  minor = 1;
  status = 0;
  reasonAt = 0;
  reasonEnd = 0;
  fieldsAt = 0;
  /** After the empty line. */
  end = 0;
  /** What is wrong, after BAD; for the log. */
  cause = "";
  readonly #maxHeadBytes: number;

  constructor(limits: Pick<HeadLimits, "maxHeadBytes" | "maxFields">) {
    this.#maxHeadBytes = limits.maxHeadBytes;
    this.lines = new FieldLines(limits.maxFields);
  }

  /** Returns the offset after the head; MORE if the bytes end before it does; BAD if it is not one that may be passed on. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    this.from = from;
    const result = this.#scan(bytes, from, to);
    if (result === BAD) return BAD;
    if (result === MANY) return this.#refuse("more field lines than allowed");
    if ((result === MORE ? to : result) - from > this.#maxHeadBytes)
      return this.#refuse("a head longer than allowed");
    this.end = result;
    return result;
  }

  #scan(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    for (let i = 0; i < VERSION.length; i++, at++) {
      if (at === to) return MORE;
      if (bytes[at] !== VERSION.charCodeAt(i)) return this.#refuse(describeOpening(bytes, from, to));
    }
    if (at === to) return MORE;
    const minor = bytes[at]! - ZERO;
    if (minor !== 0 && minor !== 1) return this.#refuse("a version that is not HTTP/1.0 or 1.1");
    this.minor = minor;
    if (++at === to) return MORE;
    if (bytes[at] !== SP) return this.#refuse("status line");

    let status = 0;
    for (let i = 0; i < 3; i++) {
      if (++at === to) return MORE;
      const digit = bytes[at]!;
      if (digit < ZERO || digit > NINE) return this.#refuse("status line");
      status = status * 10 + (digit - ZERO);
    }
    this.status = status;
    if (++at === to) return MORE;
    // The space belongs to the line even where no reason follows; apps leave it out, and nobody misunderstands them.
    if (bytes[at] === SP) at++;
    else if (bytes[at] !== CR) return this.#refuse("status line");
    this.reasonAt = at;
    while (at < to && VALUE[bytes[at]!] === 1) at++;
    this.reasonEnd = at;
    if (at === to) return MORE;
    if (bytes[at] !== CR) return this.#refuse("status line");
    if (++at === to) return MORE;
    if (bytes[at] !== LF) return this.#refuse("status line");
    this.fieldsAt = at + 1;
    if (status < 100 || status > 599) return this.#refuse(`status ${status}`);

    const end = this.lines.scan(bytes, at + 1, to);
    return end === BAD ? this.#refuse("field lines") : end;
  }

  #refuse(cause: string): number {
    this.cause = cause;
    return BAD;
  }
}

function describeOpening(bytes: Uint8Array, from: number, to: number): string {
  const isHttp2 = to - from > FRAME_TYPE_AT && bytes[from] === 0 && bytes[from + FRAME_TYPE_AT] === SETTINGS;
  return isHttp2 ? "the app speaks HTTP/2" : "the app does not speak HTTP/1";
}
