// A request's head (RFC 9112 3, 5), read in one pass: where its parts are, or why it is refused. Nothing is repaired.

import type { ErrorCode } from "../../errors.ts";
import type { HeadLimits } from "../request-check.ts";
import { isTlsHello, SPEAKS_TLS } from "../tls-hello.ts";
import { CR, LF, SP, TARGET, TOKEN } from "./char-tables.ts";
import { BAD, FieldLines, MANY, MORE } from "./field-lines.ts";

const VERSION = "HTTP/1.1\r\n";
const MINOR_AT = 7;
const ZERO = 0x30;
const ONE = 0x31;

export class RequestScan {
  readonly lines: FieldLines;
  from = 0;
  methodEnd = 0;
  targetAt = 0;
  targetEnd = 0;
  /** HTTP/1.x */
  minor = 1;
  /** Where the field lines begin; 0 as long as the request line is not whole. */
  fieldsAt = 0;
  /** After the empty line. */
  end = 0;
  /** Why the head is refused, after BAD. */
  fault: ErrorCode = "MALFORMED_REQUEST";
  cause = "";
  readonly #limits: HeadLimits;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
    this.lines = new FieldLines(limits.maxFields);
  }

  /** Returns the offset after the head; MORE if the bytes end before it does; BAD if it is refused. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    this.from = from;
    this.methodEnd = from;
    this.fieldsAt = 0;
    const { maxHeadBytes } = this.#limits;
    const result = this.#scan(bytes, from, to);
    if (result === BAD) return BAD;
    if (result === MANY) return this.#refuse("HEAD_TOO_LARGE", "more field lines than allowed");
    if ((result === MORE ? to : result) - from > maxHeadBytes)
      return this.#refuse("HEAD_TOO_LARGE", "longer than allowed");
    this.end = result;
    return result;
  }

  #scan(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && TOKEN[bytes[at]!] !== 0) at++;
    if (at === to) return MORE;
    if (at === from || bytes[at] !== SP)
      return this.#refuse("MALFORMED_REQUEST", describeOpening(bytes, from, to));
    this.methodEnd = at;

    const targetAt = ++at;
    while (at < to && TARGET[bytes[at]!] === 1) at++;
    this.targetAt = targetAt;
    this.targetEnd = at;
    if (at - targetAt > this.#limits.maxTargetBytes)
      return this.#refuse("TARGET_TOO_LONG", "target longer than allowed");
    if (at === to) return MORE;
    if (at === targetAt || bytes[at] !== SP) return this.#refuse("MALFORMED_REQUEST", "request line");
    at++;

    for (let i = 0; i < VERSION.length; i++, at++) {
      if (at === to) return MORE;
      if (bytes[at] !== VERSION.charCodeAt(i) && !(i === MINOR_AT && bytes[at] === ZERO))
        return this.#refuseVersion(bytes, at - i, to);
    }
    this.minor = bytes[at - 3] === ONE ? 1 : 0;
    if (this.#isConnect(bytes)) return this.#refuse("METHOD_REFUSED", "CONNECT");
    this.fieldsAt = at;
    const end = this.lines.scan(bytes, at, to);
    return end === BAD ? this.#refuse("MALFORMED_REQUEST", "field lines") : end;
  }

  /** Another version in a sound request line is told so; anything else in its place is malformed. */
  #refuseVersion(bytes: Uint8Array, at: number, to: number): number {
    const text = String.fromCharCode(...bytes.subarray(at, Math.min(to, at + VERSION.length)));
    if (text.length < VERSION.length && /^HTTP\/(\d(\.(\d\r?)?)?)?$/.test(text)) return MORE;
    return /^HTTP\/\d\.\d\r\n$/.test(text) && !this.#isPreface(bytes)
      ? this.#refuse("VERSION_REFUSED", "version")
      : this.#refuse("MALFORMED_REQUEST", this.#isPreface(bytes) ? "HTTP/2" : "request line");
  }

  #isConnect(bytes: Uint8Array): boolean {
    return this.methodEnd - this.from === 7 && spells(bytes, this.from, "CONNECT");
  }

  #isPreface(bytes: Uint8Array): boolean {
    return spells(bytes, this.from, "PRI * HTTP/2.0");
  }

  #refuse(fault: ErrorCode, cause: string): number {
    this.fault = fault;
    this.cause = cause;
    return BAD;
  }
}

function spells(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function describeOpening(bytes: Uint8Array, from: number, to: number): string {
  return isTlsHello(bytes, from, to) ? SPEAKS_TLS : "method";
}

/** After the empty lines that may stand before a request (RFC 9112 2.2); a lone CR at the end is left. */
export function afterEmptyLines(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at + 1 < to && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}
