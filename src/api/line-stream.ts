// An answer of lines that stays open: a lifeline, or a stream of events. The end of the connection is noticed in
// the turn of the event loop in which the kernel reports it, since a lifeline's end is how sluice learns of a death.

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface LineStream {
  /** Writes one line (an object as JSON, a string as it is); false, with nothing written, if the peer does not read (more than the limit waits) or has gone. */
  send(line: object | string): boolean;
  /** Ends the answer: what was written still goes out, for 1 s at most. Idempotent. */
  end(): void;
  /** Closes the connection now. Idempotent. */
  cut(): void;
}

export interface StreamEvents {
  /** Called once, as soon as the connection has ended, in whatever way and from whichever side. */
  ended(): void;
  /** The peer has read everything that waited. */
  drained?(): void;
}

export interface StreamOpener {
  /** JSON lines by default. */
  readonly contentType?: string;
  /** Most bytes that may wait for the peer to read them. */
  readonly maxWaitingBytes: number;
  /** May send lines at once. What it throws before it has sent one is answered as an error. */
  readonly open: (stream: LineStream) => StreamEvents;
}

const FLUSH_WITHIN_MS = 1_000;
/** Only for peers on other machines: a process that dies on this one is reported by the kernel. */
const KEEP_ALIVE_AFTER_MS = 15_000;

/**
 * Takes `response` over and begins the answer. `headers`: those of every answer. Returns the way to end it; undefined if the
 * peer had left already, in which case `open` is not called.
 */
export function openLineStream(
  response: ServerResponse,
  socket: Socket,
  { maxWaitingBytes, open, contentType = "application/x-ndjson" }: StreamOpener,
  headers: Readonly<Record<string, string>>,
): LineStream | undefined {
  // The second of two pipelined requests has no socket yet, and would wait behind the first for ever.
  if (response.socket !== socket || socket.destroyed || socket.readableEnded) {
    socket.destroy();
    return undefined;
  }
  let events: StreamEvents | undefined;
  let isEnding = false;
  let isOver = false;

  function begin(): void {
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
    response.writeHead(200, {
      "content-type": contentType,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
      connection: "close",
    });
    response.flushHeaders();
  }

  function over(): void {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    events?.ended();
  }

  const stream: LineStream = {
    send(line) {
      if (isOver || isEnding) return false;
      const text = typeof line === "string" ? line : `${JSON.stringify(line)}\n`;
      if (response.writableLength + Buffer.byteLength(text) > maxWaitingBytes) return false;
      if (!response.headersSent) begin();
      response.write(text);
      return true;
    },
    end() {
      if (isOver || isEnding) return;
      isEnding = true;
      if (!response.headersSent) begin();
      response.end();
      // What waits for a peer that does not read would wait for ever.
      const deadline = setTimeout(() => socket.destroy(), FLUSH_WITHIN_MS).unref();
      socket.once("close", () => clearTimeout(deadline));
    },
    cut: over,
  };

  events = open(stream);
  if (!response.headersSent) begin();
  // A peer that closes its half has closed the lifeline: nothing says that it reads the other half.
  socket.once("end", over);
  socket.once("error", over);
  socket.once("close", over);
  response.on("drain", () => events?.drained?.());
  return stream;
}
