// WebSocket frames as far as both ends of the load test need them (RFC 6455 section 5.2): whole messages, no extensions.

import { createHash, randomBytes } from "node:crypto";

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly masked: boolean;
}

export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Sec-WebSocket-Accept for a key (section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return encodeFrame(CLOSE, payload, masked);
}

/** Encodes a final frame of up to 65,535 bytes; clients mask, servers do not. */
export function encodeFrame(opcode: number, payload: Buffer, masked: boolean): Buffer {
  const isLong = payload.length > 125;
  const head = Buffer.alloc(isLong ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = (masked ? 0x80 : 0) | (isLong ? 126 : payload.length);
  if (isLong) head.writeUInt16BE(payload.length, 2);
  if (!masked) return Buffer.concat([head, payload]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, unmask(payload, key)]);
}

function unmask(payload: Buffer, key: Buffer): Buffer {
  const plain = Buffer.from(payload);
  for (let index = 0; index < plain.length; index++) plain[index] = plain[index]! ^ key[index & 3]!;
  return plain;
}

export interface FrameReader {
  /** Throws RangeError for a frame that this test never sends: fragments, extensions, more than 65,535 bytes. */
  push(chunk: Buffer): Frame[];
  /** Bytes of a frame that is not yet whole. */
  readonly left: number;
}

export function createFrameReader(): FrameReader {
  let pending: Buffer = Buffer.alloc(0);

  function take(): Frame | undefined {
    if (pending.length < 2) return undefined;
    const first = pending[0]!;
    const masked = (pending[1]! & 0x80) !== 0;
    let length = pending[1]! & 0x7f;
    if ((first & 0xf0) !== 0x80 || length === 127)
      throw new RangeError(`frame begins with ${pending.toString("hex", 0, 2)}`);
    let at = 2;
    if (length === 126) {
      if (pending.length < 4) return undefined;
      length = pending.readUInt16BE(2);
      at = 4;
    }
    const start = at + (masked ? 4 : 0);
    if (pending.length < start + length) return undefined;
    const bytes = pending.subarray(start, start + length);
    const payload = masked ? unmask(bytes, pending.subarray(at, start)) : Buffer.from(bytes);
    pending = pending.subarray(start + length);
    return { opcode: first & 0x0f, payload, masked };
  }

  return {
    get left() {
      return pending.length;
    },
    push(chunk) {
      pending = Buffer.concat([pending, chunk]);
      const frames: Frame[] = [];
      for (let frame = take(); frame; frame = take()) frames.push(frame);
      return frames;
    },
  };
}
