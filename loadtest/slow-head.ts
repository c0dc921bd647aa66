// A client that sends the head of a request at a byte a time, as an attacker does, and notes what it is told.

import { connect } from "node:net";
import { createAnswerReader, MalformedAnswer } from "./answer-reader.ts";

export interface SlowHeadResult {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  /** From the first byte to the answer or the end, ms. */
  readonly afterMs: number;
}

/** Sends a byte of an endless head every `everyMs`, until an answer comes, the peer closes or `limitMs` pass. */
export function sendSlowHead(
  address: { readonly host: string; readonly port: number },
  everyMs: number,
  limitMs: number,
): Promise<SlowHeadResult> {
  return new Promise((resolve) => {
    const text = `GET /n/0 HTTP/1.1\r\nHost: slow\r\nX-Slow: ${"a".repeat(4_096)}`;
    let at = 0;
    let status = 0;
    const socket = connect({ ...address, noDelay: true });
    let begunAt: number | undefined;
    const timer = setInterval(() => {
      begunAt ??= performance.now();
      socket.write(text.charAt(at++));
    }, everyMs);
    const limit = setTimeout(() => socket.destroy(), limitMs);
    const reader = createAnswerReader(() => "GET", {
      informational() {},
      head(head) {
        status = head.status;
        socket.destroy();
      },
      body() {},
      end() {},
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof MalformedAnswer)) throw error;
        socket.destroy();
      }
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      clearInterval(timer);
      clearTimeout(limit);
      resolve({ status, afterMs: begunAt === undefined ? 0 : performance.now() - begunAt });
    });
  });
}
