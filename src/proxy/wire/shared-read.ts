// Reading accepted sockets into one buffer. node offers this for sockets that it dials (`onread` of net.connect) and not for those
// that a server accepts: for each read of those it takes 64 KiB from the heap, hands over an ArrayBuffer, and gives most of it back,
// which costs more than all else that is done for a small request and leaves the heap full of holes. What `onread` sets up can be set up for
// an accepted socket as well, by the same names inside node. Where a version of node has other names, reads come as "data" events: all
// works as before, and costs more.

import type { Socket } from "node:net";

/** Takes the first `length` bytes, which are gone when it returns. */
export type OnRead = (length: number, bytes: Buffer) => void;

interface Names {
  readonly buffer: symbol;
  readonly callback: symbol;
}

interface Inside {
  _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
  [name: symbol]: unknown;
}

export class SharedRead {
  readonly #buffer: Buffer;
  /** Null: this node has none. */
  #names: Names | null | undefined = undefined;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** From now on what comes goes to `onRead`. False: by events, since node offers nothing else. */
  start(socket: Socket, onRead: OnRead): boolean {
    const inside = socket as unknown as Inside;
    const names = this.#namesIn(inside);
    const handle = inside._handle;
    if (!names || !handle?.useUserBuffer) {
      socket.on("data", (chunk: Buffer) => onRead(chunk.length, chunk));
      return false;
    }
    inside[names.buffer] = this.#buffer;
    inside[names.callback] = onRead;
    handle.useUserBuffer(this.#buffer);
    return true;
  }

  #namesIn(inside: Inside): Names | undefined {
    if (this.#names === undefined) {
      const symbols = Object.getOwnPropertySymbols(inside);
      const named = (text: string) => symbols.find((s) => s.description === text && inside[s] === null);
      const buffer = named("kBuffer");
      const callback = named("kBufferCb");
      this.#names = buffer && callback ? { buffer, callback } : null;
    }
    return this.#names ?? undefined;
  }
}
