// One connection that asks one thing again and again, one at a time, and connects anew when it was closed.

import { connect, type Socket } from "node:net";

export interface Asker {
  readonly isWaiting: boolean;
  /** Sends the request; resolves with whether a whole answer of 2xx came. Call it only when nothing is waited for. */
  ask(): Promise<boolean>;
}

const PATIENCE_MS = 10_000;

/** Bytes of a whole answer at the front of `text` (latin1), and whether it is 2xx; undefined if it is not there yet. */
export function answerIn(text: string): { readonly bytes: number; readonly isGood: boolean } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
  const last = isChunked ? text.indexOf("\r\n0\r\n\r\n", end + 2) : end + 4 + length;
  // Neither length nor chunks: this client knows no other framing, and the answer does not count as one.
  if (Number.isNaN(last)) return { bytes: text.length, isGood: false };
  const bytes = isChunked ? last + 7 : last;
  if (last < 0 || text.length < bytes) return undefined;
  return { bytes, isGood: /^HTTP\/1\.1 2\d\d /.test(text) };
}

/** Asks 127.0.0.1:`port`. An answer that was not asked for, or bytes after one, make the next request fail. */
export function createAsker(port: number, request: Buffer): Asker {
  let socket: Socket | undefined;
  let pending: ((isAnswered: boolean) => void) | undefined;
  let text = "";
  let timer: NodeJS.Timeout | undefined;

  function settle(isAnswered: boolean): void {
    clearTimeout(timer);
    const resolve = pending;
    pending = undefined;
    resolve?.(isAnswered);
  }

  function dial(): Socket {
    const dialled = connect({ host: "127.0.0.1", port, noDelay: true });
    text = "";
    dialled.setEncoding("latin1");
    dialled.on("data", (part: string) => {
      text += part;
      const answer = answerIn(text);
      if (!answer) return;
      const isLast = /\r\nconnection: *close/i.test(text) || answer.bytes !== text.length;
      text = "";
      if (isLast || !pending) dialled.destroy();
      settle(answer.isGood);
    });
    dialled.on("error", () => {});
    dialled.once("end", () => dialled.destroy());
    dialled.once("close", () => {
      if (socket !== dialled) return;
      socket = undefined;
      settle(false);
    });
    return dialled;
  }

  return {
    get isWaiting() {
      return pending !== undefined;
    },
    ask() {
      if (!socket || socket.destroyed) socket = dial();
      const asked = socket;
      timer = setTimeout(() => asked.destroy(), PATIENCE_MS);
      return new Promise((resolve) => {
        pending = resolve;
        asked.write(request);
      });
    },
  };
}
