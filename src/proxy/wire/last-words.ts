// What the app said before it closed, where a write to it has failed: an upload that is refused early, say. Its answer is still in the
// kernel then, but node destroys a socket, unread, as soon as a write to it fails. That is switched off by the names inside node;
// where a version of node has other names, such an answer is lost with its connection.

import type { Socket } from "node:net";

interface Inside {
  readonly _readableState?: { autoDestroy?: boolean };
  readonly _writableState?: { autoDestroy?: boolean };
}

export class LastWords {
  /** A write has failed: there is no point in another. */
  areDue = false;
  readonly #socket: Socket;

  /** From now on the socket outlives a failed write, and its owner destroys it. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#setAutoDestroy(false);
  }

  /** node looks after the socket again. */
  forgo(): void {
    this.#setAutoDestroy(true);
  }

  /** A write has failed: calls back when all that the kernel has was read. False: the socket has not outlived it. */
  hear(onSilence: () => void): boolean {
    if (this.#socket.destroyed) return false;
    this.areDue = true;
    this.#await(onSilence);
    return true;
  }

  #await(onSilence: () => void): void {
    const socket = this.#socket;
    const before = socket.bytesRead;
    // The first immediate may run before the kernel is asked for news; between the two it certainly is.
    const look = () => {
      if (socket.destroyed) return;
      if (socket.isPaused()) socket.once("resume", () => this.#await(onSilence));
      else if (socket.bytesRead > before) this.#await(onSilence);
      else onSilence();
    };
    setImmediate(() => setImmediate(look));
  }

  #setAutoDestroy(to: boolean): void {
    const { _readableState: readable, _writableState: writable } = this.#socket as unknown as Inside;
    if (readable?.autoDestroy !== undefined) readable.autoDestroy = to;
    if (writable?.autoDestroy !== undefined) writable.autoDestroy = to;
  }
}
