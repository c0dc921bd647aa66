// What has come from one client and is not used up yet: heads are found in it, bodies taken out of it.

import type { ErrorCode } from "../../errors.ts";
import { CR, LF } from "./char-tables.ts";
import { BAD, MORE } from "./field-lines.ts";
import { prefaceIn } from "./preface.ts";
import type { RequestBody } from "./request-body.ts";
import type { HostMemory, RequestHead } from "./request-head.ts";
import { afterEmptyLines } from "./request-scan.ts";

/**
 * "nothing": there is none, not even a part of one. "part": the beginning of one. "request": the engine's head has it. "preface": the
 * connection speaks HTTP/2. "breach": it is none; `fault` and `cause` say why.
 */
export type Found = "nothing" | "part" | "request" | "preface" | "breach";

export interface IntakeParts {
  readonly requestHead: RequestHead;
  /** A head shorter than this, and whose line has not ended, is not looked at again. */
  readonly leastLimit: number;
  readonly takesPreface: boolean;
}

const NOTHING = Buffer.alloc(0);

export class Intake implements HostMemory {
  soundHost = "";
  fault: ErrorCode = "MALFORMED_REQUEST";
  cause = "";
  /** The method in front of a breach, where it could be read. */
  method = "";
  /** The head that was found last stands in these. */
  bytes: Buffer = NOTHING;
  readonly #parts: IntakeParts;
  /** The bytes are those of a read buffer. */
  #isFleeting = false;
  #at = 0;
  #isFirst = true;
  /** The beginning of a head was found, and nothing else has come than the rest of its line. */
  #isPart = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** How many bytes there are. */
  get size(): number {
    return this.bytes.length - this.#at;
  }

  /** Adds what has come, which is gone when the present read is over: before that, `own`. False: it makes no difference yet. */
  add(chunk: Buffer): boolean {
    const hasRest = this.#at < this.bytes.length;
    this.bytes = hasRest ? Buffer.concat([this.bytes.subarray(this.#at), chunk]) : chunk;
    this.#at = 0;
    this.#isFleeting = !hasRest;
    // A part of a head is read again when a line has ended, not for each byte.
    if (this.#isPart && this.bytes.length < this.#parts.leastLimit && chunk.indexOf(LF) === -1) return false;
    this.#isPart = false;
    return true;
  }

  /** Copies what is left out of the read buffer. */
  own(): void {
    if (!this.#isFleeting) return;
    this.#isFleeting = false;
    this.bytes = this.size === 0 ? NOTHING : Buffer.from(this.bytes.subarray(this.#at));
    this.#at = 0;
  }

  /** Gives away all there is. */
  takeAll(): Buffer {
    const all = this.bytes.subarray(this.#at);
    this.bytes = NOTHING;
    this.#at = 0;
    return all;
  }

  /** Lets go of what is used up. */
  settle(): void {
    if (this.#at < this.bytes.length) return;
    this.bytes = NOTHING;
    this.#at = 0;
  }

  /** Hands the body what is its own. */
  readBody(body: RequestBody): void {
    this.#at = body.take(this.bytes, this.#at, this.bytes.length);
  }

  /** Looks for a head. `isEnded`: nothing more will come. */
  readHead(trusted: boolean, isEnded: boolean): Found {
    const { requestHead: head } = this.#parts;
    const { scan } = head;
    const { bytes } = this;
    if (this.#isFirst) {
      const seen = this.#parts.takesPreface ? prefaceIn(bytes) : "no";
      if (seen === "maybe" && !isEnded && bytes.length > 0) return "part";
      this.#isFirst = bytes.length === 0;
      if (seen === "yes") return "preface";
    }
    this.#at = afterEmptyLines(bytes, this.#at, bytes.length);
    const rest = bytes.length - this.#at;
    // A CR may be half of an empty line (RFC 9112 2.2).
    if (rest === 0 || (rest === 1 && bytes[this.#at] === CR)) return "nothing";
    const end = scan.scan(bytes, this.#at, bytes.length);
    if (end === MORE) {
      this.#isPart = true;
      return isEnded ? this.#breach("MALFORMED_REQUEST", "ended in its head") : "part";
    }
    if (end === BAD) return this.#breach(scan.fault, scan.cause);
    if (!head.read(bytes, trusted, this)) return this.#breach("MALFORMED_REQUEST", "contradictory framing");
    this.#at = end;
    return "request";
  }

  #breach(fault: ErrorCode, cause: string): Found {
    const { scan } = this.#parts.requestHead;
    this.method = this.bytes.toString("latin1", scan.from, scan.methodEnd);
    this.fault = fault;
    this.cause = cause;
    return "breach";
  }
}
