// The body of a request on its way to the app: streamed with backpressure, and copied, up to a bound, so that it can be sent a
// second time. Each attempt reads from a stream of its own; the client's stream outlives a failed attempt.

import { Readable } from "node:stream";

export interface BodyLimits {
  readonly replayBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

export class RequestBody {
  readonly #source: Readable;
  readonly #limits: BodyLimits;
  readonly #onStall: () => void;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #reader: Readable | undefined = undefined;
  #started = false;
  #ended = false;
  /** The client waits to be told that it may send (RFC 9110 10.1.1): its silence is the app's. */
  #mayWait: boolean;
  #stall: NodeJS.Timeout | undefined = undefined;

  /**
   * `onStall` is called once if the client sends nothing for `bodyTimeoutMs` while the app waits for it. `mayWait`: the client
   * may wait for a 100 before it begins.
   */
  constructor(source: Readable, limits: BodyLimits, mayWait: boolean, onStall: () => void) {
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
    if (this.#reader && this.#started && !this.#ended) this.#arm();
  }

  /** A stream of the whole body for one attempt; an earlier attempt's stream gets no more. Only while `inHand`. */
  open(): Readable {
    this.#detach();
    const reader = new Readable({ read: () => this.#pull(reader) });
    this.#reader = reader;
    for (const chunk of this.#kept ?? []) reader.push(chunk);
    if (this.#ended) reader.push(null);
    return reader;
  }

  /** The attempt has failed. Until the next one the client's body waits, and its silence is not counted. */
  suspend(): void {
    this.#detach();
  }

  /** Forgets the copy: the answer has begun, so the request will not be sent again. */
  release(): void {
    this.#kept = undefined;
  }

  /** Ends the sending. What the client still sends is read and thrown away. */
  close(): void {
    this.#detach();
    this.release();
    this.#source.on("data", ignore);
    this.#source.resume();
  }

  #pull(reader: Readable): void {
    if (reader !== this.#reader || this.#ended) return;
    if (!this.#started) {
      this.#started = true;
      this.#source.on("data", (chunk: Buffer) => this.#take(chunk));
      this.#source.on("end", () => this.#end());
    }
    this.#source.resume();
    if (!this.#mayWait) this.#arm();
  }

  #arm(): void {
    if (this.#stall) this.#stall.refresh();
    else this.#stall = setTimeout(this.#onStall, this.#limits.bodyTimeoutMs);
  }

  #take(chunk: Buffer): void {
    this.#mayWait = false;
    if (this.#kept) {
      this.#keptBytes += chunk.length;
      if (this.#keptBytes > this.#limits.replayBodyBytes) this.#kept = undefined;
      else this.#kept.push(chunk);
    }
    const reader = this.#reader;
    if (!reader) return;
    if (reader.push(chunk)) {
      this.#arm();
      return;
    }
    // The app is slower than the client: it is not the client's silence that is waited for.
    this.#source.pause();
    this.#disarm();
  }

  #end(): void {
    this.#ended = true;
    this.#disarm();
    this.#reader?.push(null);
  }

  #detach(): void {
    this.#disarm();
    this.#source.pause();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.destroy();
  }

  #disarm(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }
}

function ignore(): void {}
