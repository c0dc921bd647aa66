// A WebSocket server of the smallest useful size (RFC 6455): text and binary messages of up to 64 KiB, fragments, ping, close.
// It is here so that the example has no dependency; a real app takes a library.
import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3
const LARGEST = 64 * 1024;
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa];

function frame(opcode, payload) {
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, payload.length])
      : Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}

/**
 * Answers an upgrade request with 101 and calls `onMessage(text or Buffer)` for each message. Answers 400 itself otherwise.
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:stream").Duplex} socket
 * @param {Buffer} head What came after the request's head.
 * @returns {{ send(message: string | Buffer): void, close(code: number, reason: string): void, closed: Promise<void> } | undefined}
 */
export function acceptWebSocket(request, socket, head, onMessage) {
  const { upgrade = "", "sec-websocket-key": key, "sec-websocket-version": version } = request.headers;
  if (request.method !== "GET" || upgrade.toLowerCase() !== "websocket" || !key || version !== "13") {
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return undefined;
  }
  const proof = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`,
  );

  let pending = head;
  let parts = [];
  let kind = TEXT;
  let isClosing = false;
  let isRefused = false;
  const send = (message) => {
    if (!isClosing) socket.write(frame(typeof message === "string" ? TEXT : BINARY, Buffer.from(message)));
  };
  const close = (code, reason) => {
    if (isClosing) return;
    isClosing = true;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    socket.write(frame(CLOSE, payload));
    setTimeout(() => socket.destroy(), 2000).unref(); // a peer that never answers the close (section 7.1.1)
  };
  /** Closes, and keeps nothing of what still comes. */
  const refuse = (code, reason) => {
    close(code, reason);
    [isRefused, pending, parts] = [true, Buffer.alloc(0), []];
    return false;
  };
  const onFrame = (isLast, opcode, payload) => {
    if (opcode === PING) return void socket.write(frame(PONG, payload));
    if (opcode === PONG) return;
    if (opcode === CLOSE) {
      if (!isClosing) socket.write(frame(CLOSE, payload.subarray(0, 2)));
      isClosing = true;
      return void socket.end();
    }
    if (opcode !== CONTINUATION) [kind, parts] = [opcode, []];
    parts.push(payload);
    if (parts.reduce((sum, part) => sum + part.length, 0) > LARGEST) refuse(1009, "too large");
    else if (isLast) onMessage(kind === TEXT ? Buffer.concat(parts).toString() : Buffer.concat(parts));
  };
  /** Takes one whole frame off `pending`; false if there is none yet. */
  const takeFrame = () => {
    if (pending.length < 2) return false;
    const short = pending[1] & 0x7f;
    const from = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (pending.length < from + 4) return false;
    const size =
      short === 126 ? pending.readUInt16BE(2) : short === 127 ? Number(pending.readBigUInt64BE(2)) : short;
    if ((pending[1] & 0x80) === 0) return refuse(1002, "clients must mask"); // section 5.1
    if (size > LARGEST) return refuse(1009, "too large");
    if (pending.length < from + 4 + size) return false;
    const mask = pending.subarray(from, from + 4);
    const payload = Buffer.from(pending.subarray(from + 4, from + 4 + size)).map(
      (byte, at) => byte ^ mask[at % 4],
    );
    const [first] = pending;
    pending = pending.subarray(from + 4 + size);
    onFrame((first & 0x80) !== 0, first & 0x0f, payload);
    return true;
  };
  const onData = (part) => {
    if (!isRefused) pending = Buffer.concat([pending, part]);
    while (takeFrame());
  };
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.on("data", onData);
  onData(Buffer.alloc(0));
  const closed = new Promise((resolve) => socket.on("close", () => resolve()));
  return { send, close, closed };
}
