// Taking a connection out of node:http when it turns out to speak HTTP/2. node's parser itself stops at the preface
// (RFC 9113 3.4), however it was cut, so connections of HTTP/1.1 pay nothing for being told apart.

import type { Socket } from "node:net";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

interface ParserStop extends NodeJS.ErrnoException {
  /** What was being parsed: the preface, or its last piece. */
  readonly rawPacket?: Buffer;
  /** How much of that was read. */
  readonly bytesParsed?: number;
}

/**
 * All that the connection has sent, if the parser stopped behind a preface that is the very first thing on it; else undefined:
 * behind a request it is malformed.
 */
export function prefaceOn(socket: Socket, error: ParserStop): Buffer | undefined {
  const { code, rawPacket, bytesParsed } = error;
  if (code !== "HPE_PAUSED_H2_UPGRADE" || rawPacket === undefined || bytesParsed === undefined)
    return undefined;
  const rest = rawPacket.subarray(bytesParsed);
  // The parser also takes empty lines before it, and "/" for "*".
  if (socket.bytesRead - rest.length !== PREFACE.length) return undefined;
  if (!PREFACE.subarray(-bytesParsed).equals(rawPacket.subarray(0, bytesParsed))) return undefined;
  return Buffer.concat([PREFACE, rest]);
}

/** What node:http listens for on a socket; to "pause" and "resume" it stops and starts the reading itself. */
const EVENTS = ["close", "data", "drain", "end", "error", "pause", "resume", "timeout"];

/** Takes the socket out of node:http for good; all listeners go, and those for its close are called. Not within the parser's call. */
export function release(socket: Socket): void {
  // node takes the parser off the socket, and frees it, when the socket closes; it offers no other way.
  const closers = socket.listeners("close");
  for (const event of EVENTS) socket.removeAllListeners(event);
  for (const close of closers) close.call(socket, false);
}
