// Chunked framing (RFC 9112 7.1), checked while the bytes pass. A bare LF, a missing CRLF or a size that is no size breaks the message.
// Extensions are for nobody: they must keep to their grammar, and are left out on the way, so that no reader behind us can take
// what is in one for something else.

import { CR, HEX, LF, TOKEN, VALUE } from "./char-tables.ts";

/** Digits of a size, leading zeros included: 2^52 bytes. */
const MOST_DIGITS = 13;
/** Bytes of all extensions of a message: they have been used to exhaust readers. */
const MOST_EXTENSION_BYTES = 16 * 1024;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type Phase = "size" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailers" | "broken";
/** What of an extension comes next; whitespace, which the grammar calls bad, is not taken. */
type Part = "name" | "in-name" | "value" | "in-value" | "quoted" | "escaped" | "after";

export class ChunkedScan {
  phase: Phase = "size";
  /** Where the extensions are that the last walk has passed: from, to, from, to. Mostly none. */
  readonly gaps: number[] = [];
  #part: Part = "name";
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;

  reset(): void {
    this.phase = "size";
    this.#left = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
  }

  /**
   * Walks over the bytes. Returns where it has stopped: at `to`, or earlier: after the last chunk's line, where trailers may
   * follow (phase "trailers"), or at a breach (phase "broken"). `onData` gets the parts that are data.
   */
  walk(bytes: Uint8Array, from: number, to: number, onData?: (from: number, to: number) => void): number {
    let at = from;
    if (this.gaps.length > 0) this.gaps.length = 0;
    while (at < to) {
      if (this.phase === "data") {
        const end = Math.min(to, at + this.#left);
        onData?.(at, end);
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.phase = "data-cr";
      } else if (this.phase === "extension" || (this.phase === "size" && bytes[at] === SEMICOLON)) {
        at = this.#walkExtension(bytes, at, to);
        if (this.#isBroken) return at;
      } else {
        this.phase = this.#step(bytes[at]!);
        if (this.#isBroken) return at;
        at++;
        if (this.phase === "trailers") return at;
      }
    }
    return at;
  }

  /** What is passed on of the bytes that the last walk has passed: the ranges between the extensions. */
  pass(from: number, to: number, onRange: (from: number, to: number) => void): void {
    let at = from;
    for (let i = 0; i < this.gaps.length; i += 2) {
      if (at < this.gaps[i]!) onRange(at, this.gaps[i]!);
      at = this.gaps[i + 1]!;
    }
    if (at < to) onRange(at, to);
  }

  get #isBroken(): boolean {
    return this.phase === "broken";
  }

  #step(byte: number): Phase {
    switch (this.phase) {
      case "size":
        return this.#size(byte);
      case "size-lf":
        if (byte !== LF) return "broken";
        this.#digits = 0;
        return this.#left === 0 ? "trailers" : "data";
      case "data-cr":
        return byte === CR ? "data-lf" : "broken";
      case "data-lf":
        return byte === LF ? "size" : "broken";
      default:
        return "broken";
    }
  }

  #size(byte: number): Phase {
    const digit = HEX[byte]!;
    if (digit > 0) {
      this.#left = this.#digits === 0 ? digit - 1 : this.#left * 16 + (digit - 1);
      return ++this.#digits <= MOST_DIGITS ? "size" : "broken";
    }
    return this.#digits > 0 && byte === CR ? "size-lf" : "broken";
  }

  /** From the semicolon to the CR behind the last extension. */
  #walkExtension(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (this.phase === "size") {
      if (this.#digits === 0) {
        this.phase = "broken";
        return at;
      }
      this.phase = "extension";
      this.#part = "name";
      at++;
    }
    while (at < to && this.phase === "extension" && bytes[at] !== CR) {
      if (!this.#extend(bytes[at]!)) this.phase = "broken";
      else at++;
    }
    this.#extensionBytes += at - from;
    if (this.#extensionBytes > MOST_EXTENSION_BYTES) this.phase = "broken";
    this.gaps.push(from, at);
    if (at < to && this.phase === "extension") {
      const isWhole = this.#part === "in-name" || this.#part === "in-value" || this.#part === "after";
      this.phase = isWhole ? "size-lf" : "broken";
      if (isWhole) at++;
    }
    return at;
  }

  /** False: the byte may not stand here. */
  #extend(byte: number): boolean {
    const isToken = TOKEN[byte] !== 0;
    switch (this.#part) {
      case "name":
        this.#part = "in-name";
        return isToken;
      case "in-name":
        if (byte === EQUALS) this.#part = "value";
        else if (byte === SEMICOLON) this.#part = "name";
        else return isToken;
        return true;
      case "value":
        this.#part = byte === QUOTE ? "quoted" : "in-value";
        return byte === QUOTE || isToken;
      case "in-value":
        if (byte !== SEMICOLON) return isToken;
        this.#part = "name";
        return true;
      case "quoted":
        if (byte === QUOTE) this.#part = "after";
        else if (byte === BACKSLASH) this.#part = "escaped";
        return VALUE[byte] === 1;
      case "escaped":
        this.#part = "quoted";
        return VALUE[byte] === 1;
      case "after":
        this.#part = "name";
        return byte === SEMICOLON;
    }
  }
}
