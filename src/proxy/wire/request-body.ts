// The body of a request on its way to the app: its framing is followed, its bytes pass untouched. What has not been sent yet, or may
// have to be sent a second time, is kept, up to a bound; beyond it the client waits.

import { fewParts } from "../kept-parts.ts";
import type { Limits } from "../limits.ts";
import { ChunkedScan } from "./chunked-scan.ts";
import { BAD, type FieldLines, MORE } from "./field-lines.ts";
import { TrailerSection } from "./trailer-section.ts";

/** While there is no connection to the app, this much of a body is taken in before its client has to wait, bytes. */
const MOST_WAITING_BYTES = 64 * 1024;

export interface BodyTarget {
  /** The part may be gone when this returns. False: no more until it has been taken. */
  write(part: Buffer): boolean;
}

export class RequestBody {
  complete = false;
  broken = false;
  /** A byte of it has come. */
  begun = false;
  readonly #limits: Pick<Limits, "replayBodyBytes" | "maxHeadBytes">;
  readonly #lines: FieldLines;
  readonly #chunks: ChunkedScan | undefined;
  #trailers: TrailerSection | undefined = undefined;
  #left: number;
  #parts: Buffer[] = [];
  /** From this one on they are in a read buffer. */
  #fleetingFrom = 0;
  #bytes = 0;
  /** Up to so many bytes are kept after they have been sent; 0: none. */
  readonly #keeps: number;
  #inHand = true;
  #target: BodyTarget | undefined = undefined;
  #closed = false;
  /** The app takes no more at present. */
  #targetFull = false;

  /** `length`: of a counted body; undefined: it is chunked. `repeatable`: it may have to be sent again. */
  constructor(
    length: number | undefined,
    repeatable: boolean,
    limits: Pick<Limits, "replayBodyBytes" | "maxHeadBytes">,
    lines: FieldLines,
  ) {
    this.#left = length ?? 0;
    this.#chunks = length === undefined ? new ChunkedScan() : undefined;
    this.#keeps = repeatable ? limits.replayBodyBytes : 0;
    this.#limits = limits;
    this.#lines = lines;
  }

  /** Every byte that has come is still there, so that the body can be sent from its start. */
  get inHand(): boolean {
    return this.#inHand;
  }

  /** The client has to wait. */
  get isFull(): boolean {
    if (this.#closed) return false;
    return this.#target ? this.#targetFull : this.#bytes >= MOST_WAITING_BYTES;
  }

  /** Takes what of the bytes belongs to the body; they are gone when the present read is over: before that, `own`. Returns the offset after it. Nothing more when `broken`. */
  take(bytes: Buffer, from: number, to: number): number {
    this.begun = true;
    if (this.#chunks) return this.#takeChunks(this.#chunks, bytes, from, to);
    const end = Math.min(to, from + this.#left);
    this.#left -= end - from;
    this.complete = this.#left === 0;
    this.#pass(bytes.subarray(from, end));
    return end;
  }

  /** Copies what is kept out of the read buffer. */
  own(): void {
    const parts = this.#parts;
    for (let i = this.#fleetingFrom; i < parts.length; i++) parts[i] = Buffer.from(parts[i]!);
    this.#parts = fewParts(parts);
    this.#fleetingFrom = this.#parts.length;
  }

  /** From now on what comes goes to the target. Returns what has come until now, which goes first. Only while `inHand`. */
  attach(target: BodyTarget): readonly Buffer[] {
    const parts = this.#parts;
    this.#target = target;
    this.#targetFull = false;
    if (this.#bytes > this.#keeps) this.#forget();
    return parts;
  }

  /** The attempt has failed: until the next one what comes is kept. */
  detach(): void {
    this.#target = undefined;
  }

  /** The target can take more, or cannot. */
  regulate(isFull: boolean): void {
    this.#targetFull = isFull;
  }

  /** The request will not be sent again. */
  release(): void {
    if (this.#target) this.#forget();
  }

  /** The rest is thrown away. */
  close(): void {
    this.#closed = true;
    this.#target = undefined;
    this.#forget();
  }

  #takeChunks(chunks: ChunkedScan, bytes: Buffer, from: number, to: number): number {
    let at = from;
    const isFresh = !this.#trailers;
    if (!this.#trailers) {
      at = chunks.walk(bytes, from, to);
      this.broken = chunks.phase === "broken";
      if (chunks.phase === "trailers") this.#trailers = new TrailerSection();
      else {
        if (!this.broken) this.#passChunks(chunks, bytes, from, at);
        return at;
      }
    }
    const end = this.#trailers.take(bytes, at, to, this.#lines, this.#limits.maxHeadBytes);
    this.broken = end === BAD;
    if (end === BAD) return at;
    this.complete = end !== MORE;
    // No trailers, and all of it is here: the bytes go on as they came.
    if (isFresh && end === at + 2) this.#passChunks(chunks, bytes, from, end);
    else {
      if (isFresh) this.#passChunks(chunks, bytes, from, at);
      if (this.complete) this.#pass(Buffer.from(this.#trailers.text, "latin1"));
    }
    return end === MORE ? to : end;
  }

  #passChunks(chunks: ChunkedScan, bytes: Buffer, from: number, to: number): void {
    if (chunks.gaps.length > 0) chunks.pass(from, to, (at, until) => this.#pass(bytes.subarray(at, until)));
    else this.#pass(bytes.subarray(from, to));
  }

  #pass(part: Buffer): void {
    if (this.#closed || part.length === 0) return;
    const target = this.#target;
    if (target && !target.write(part)) this.#targetFull = true;
    if (!this.#inHand) return;
    this.#bytes += part.length;
    if (target && this.#bytes > this.#keeps) this.#forget();
    else this.#parts.push(part);
  }

  #forget(): void {
    this.#inHand = false;
    this.#parts = [];
    this.#fleetingFrom = 0;
    this.#bytes = 0;
  }
}
