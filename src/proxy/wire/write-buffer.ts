// Text and bytes joined for one write. The bytes are mostly those of a read buffer, which is read into again when the present read is
// over, so they are copied; the copy itself is used again as soon as the kernel has taken it, which it mostly has at once.

import type { Socket } from "node:net";

/** What one read brings, and a head. */
const BYTES = (64 + 16) * 1024;

export class WriteBuffer {
  #bytes = Buffer.allocUnsafeSlow(BYTES);

  /** Writes text (latin1), then the bytes, which may change when this returns. False: the socket has enough for now. */
  write(socket: Socket, text: string, bytes: Buffer, from: number, to: number): boolean {
    const size = text.length + to - from;
    const target = this.#take(size);
    if (text !== "") target.write(text, 0, "latin1");
    bytes.copy(target, text.length, from, to);
    return this.#send(socket, target, size);
  }

  /** Writes text (latin1), then all the parts. */
  writeAll(socket: Socket, text: string, parts: readonly Buffer[]): boolean {
    let size = text.length;
    for (const part of parts) size += part.length;
    const target = this.#take(size);
    target.write(text, 0, "latin1");
    let at = text.length;
    for (const part of parts) at += part.copy(target, at);
    return this.#send(socket, target, size);
  }

  #take(size: number): Buffer {
    return size <= BYTES ? this.#bytes : Buffer.allocUnsafeSlow(size);
  }

  #send(socket: Socket, target: Buffer, size: number): boolean {
    const goesOn = socket.write(target.subarray(0, size));
    // The write still holds it.
    if (target === this.#bytes && socket.writableLength > 0) this.#bytes = Buffer.allocUnsafeSlow(BYTES);
    return goesOn;
  }
}
