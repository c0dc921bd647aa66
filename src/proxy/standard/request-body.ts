// The body of a request on its way to the app: streamed with backpressure, and copied, up to a bound, so that it can be sent a
// second time. Each attempt reads from a stream of its own; the client's stream outlives a failed attempt.

import { Readable } from "node:stream";
import { fewParts } from "../kept-parts.ts";
import { joinWaitingParts } from "./waiting-parts.ts";

export interface BodyLimits {
  readonly replayBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/** Where the body goes in one attempt. */
export interface BodyTaker {
  /** False: no more until it asks for more. */
  take(chunk: Buffer): boolean;
  end(): void;
  /** It gets no more. */
  drop(): void;
}

export class RequestBody {
  readonly #source: Readable;
  readonly #limits: BodyLimits;
  readonly #onStall: () => void;
  readonly #isWhole: () => boolean;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #taker: BodyTaker | undefined = undefined;
  #started = false;
  #ended = false;
  /** The client waits to be told that it may send (RFC 9110 10.1.1): its silence is the app's. */
  #mayWait: boolean;
  /** The client has an answer, and may stop sending (RFC 9112 9.5). */
  #mayStop = false;
  #stall: NodeJS.Timeout | undefined = undefined;

  /**
   * `onStall` is called once if the client sends nothing for `bodyTimeoutMs` while the app waits for it. `mayWait`: the client
   * may wait for a 100 before it begins. `isWhole`: asked when the source has ended, where that need not mean that all has come;
   * what is not whole never ends.
   */
  constructor(
    source: Readable,
    limits: BodyLimits,
    mayWait: boolean,
    onStall: () => void,
    isWhole: () => boolean = () => true,
  ) {
    joinWaitingParts(source);
    this.#isWhole = isWhole;
    this.#mayWait = mayWait;
    this.#source = source;
    this.#limits = limits;
    this.#onStall = onStall;
  }

  /** Every byte read so far is still kept, so that the body can be sent again from its start. */
  get inHand(): boolean {
    return this.#kept !== undefined;
  }

  /** The client's body has come to its end and was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The client was told to send. */
  told(): void {
    this.#mayWait = false;
    if (this.#taker && this.#started && !this.#ended) this.#arm();
  }

  /** A stream of the whole body for one attempt; an earlier attempt's stream gets no more. Only while `inHand`. */
  open(): Readable {
    const reader = new Readable({ read: () => this.#pull(taker) });
    const taker: BodyTaker = {
      take: (chunk) => reader.push(chunk),
      end: () => void reader.push(null),
      drop: () => void reader.destroy(),
    };
    this.#begin(taker);
    return reader;
  }

  /** The same without a stream between. Returns what asks for more, at first and whenever there is room again. */
  pour(taker: BodyTaker): () => void {
    this.#begin(taker);
    return () => this.#pull(taker);
  }

  /** The attempt has failed. Until the next one the client's body waits, and its silence is not counted. */
  suspend(): void {
    this.#detach();
  }

  /** The answer has begun: the request will not be sent again, and its client's silence is no longer counted. */
  release(): void {
    this.#kept = undefined;
    this.#mayStop = true;
    this.#disarm();
  }

  /** Ends the sending. What the client still sends is read and thrown away. */
  close(): void {
    this.#detach();
    this.release();
    this.#source.on("data", ignore);
    this.#source.resume();
  }

  #begin(taker: BodyTaker): void {
    this.#detach();
    this.#taker = taker;
    for (const chunk of this.#kept ?? []) taker.take(chunk);
    if (this.#ended) taker.end();
  }

  #pull(taker: BodyTaker): void {
    if (taker !== this.#taker || this.#ended) return;
    if (!this.#started) {
      this.#started = true;
      // An empty body of HTTP/2 ends before anybody has asked for it.
      if (this.#source.readableEnded) {
        this.#end();
        return;
      }
      this.#source.on("data", (chunk: Buffer) => this.#take(chunk));
      this.#source.on("end", () => this.#end());
    }
    this.#source.resume();
    if (!this.#mayWait) this.#arm();
  }

  #arm(): void {
    if (this.#mayStop) return;
    if (this.#stall) this.#stall.refresh();
    else this.#stall = setTimeout(this.#onStall, this.#limits.bodyTimeoutMs);
  }

  #take(chunk: Buffer): void {
    this.#mayWait = false;
    if (this.#kept) {
      this.#keptBytes += chunk.length;
      if (this.#keptBytes > this.#limits.replayBodyBytes) this.#kept = undefined;
      else this.#kept = fewParts([...this.#kept, chunk]);
    }
    const taker = this.#taker;
    if (!taker) return;
    if (taker.take(chunk)) {
      this.#arm();
      return;
    }
    // The app is slower than the client: it is not the client's silence that is waited for.
    this.#source.pause();
    this.#disarm();
  }

  #end(): void {
    if (!this.#isWhole()) return;
    this.#ended = true;
    this.#disarm();
    this.#taker?.end();
  }

  #detach(): void {
    this.#disarm();
    this.#source.pause();
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.drop();
  }

  #disarm(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }
}

function ignore(): void {}
