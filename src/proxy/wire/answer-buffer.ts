// Into which buffer one connection to the app is read: that of all, or one of its own in the middle of a large answer.

import type { AnswerReader } from "./answer-reader.ts";
import type { ReadBuffers } from "./read-buffers.ts";

/** An answer of which so much is still to come is read into a buffer of its own, bytes. */
const OWN_FROM = 64 * 1024;

export class AnswerBuffer {
  /** How many bytes the last read brought. */
  lastRead = 0;
  /** The client has taken all that was read into the own buffer. */
  isTaken = false;
  /** Into which the last read went. */
  current: Buffer;
  readonly #buffers: ReadBuffers;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.current = buffers.shared;
  }

  /** Whether the bytes are gone with the next read of whatever connection. */
  isFleeting(bytes: Buffer): boolean {
    return bytes === this.#buffers.shared;
  }

  /** Where the next read goes; `reader`: of the answer that is under way, if one is. */
  next(reader: AnswerReader | undefined): Buffer {
    const { shared } = this.#buffers;
    const inBody = reader?.inBody === true;
    if (this.current !== shared) {
      if (inBody) return this.current;
      // What the client has not taken yet is still in it.
      if (this.isTaken) this.#buffers.giveBack(this.current);
      this.current = shared;
    } else if (inBody && (reader.left >= OWN_FROM || this.lastRead === shared.length)) {
      this.current = this.#buffers.take();
      this.isTaken = false;
    }
    return this.current;
  }
}
