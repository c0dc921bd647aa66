// Where bytes are read. All connections of one side share one buffer: what is read there is taken out before the next read. A
// connection to the app in the middle of a large answer reads into one of its own, so that the client's socket may send straight from it;
// it is not read into again before all of that has been taken.

/** The most that is read at a time; libuv's own measure. */
const BYTES = 64 * 1024;
/** So many buffers that nobody uses now are kept. */
const MOST_SPARE = 16;

export class ReadBuffers {
  /** For all connections to the app. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(BYTES);
  /** For all connections of clients. */
  readonly clients: Buffer = Buffer.allocUnsafeSlow(BYTES);
  readonly #spare: Buffer[] = [];

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BYTES);
  }

  /** Nobody reads from it or sends from it any more. */
  giveBack(buffer: Buffer): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
  }
}
