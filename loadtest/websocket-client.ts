// A WebSocket of the strict client: numbered messages, each of which must come back once, in order, from one version;
// and an end that has to be clean: a close frame between two frames, then FIN.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { acceptOf, CLOSE, closeFrame, createFrameReader, encodeFrame, TEXT } from "./websocket-frame.ts";

export interface StreamResult {
  readonly kind: "websocket" | "event-stream";
  /** Messages that came, in order and right. */
  readonly messages: number;
  /** The version that answered. */
  readonly version: string | undefined;
  /** "closed by client", "close 1001", "end of stream", or what went wrong. */
  readonly end: string;
  readonly clean: boolean;
  /** By performance.now(), ms. */
  readonly openedAt: number;
  readonly endedAt: number;
}

export interface StreamClient {
  readonly kind: StreamResult["kind"];
  readonly messages: number;
  readonly isOpen: boolean;
  /** Resolves at the end, whoever brings it about. */
  readonly ended: Promise<StreamResult>;
  /** Ends it in order from our side. */
  close(): void;
}

/** Opens a WebSocket at /ws and sends a numbered message every `everyMs`. */
export function openWebSocket(options: {
  readonly host: string;
  readonly port: number;
  readonly requestId: string;
  readonly everyMs: number;
}): StreamClient {
  const key = randomBytes(16).toString("base64");
  const openedAt = performance.now();
  const frames = createFrameReader();
  let head = "";
  let isOpen = false;
  let sent = 0;
  let messages = 0;
  let version: string | undefined;
  let outcome: { end: string; clean: boolean } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let leaving = false;

  const socket = connect({ host: options.host, port: options.port, noDelay: true });
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: ${options.host}:${options.port}\r\nX-Request-Id: ${options.requestId}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );

  function say(end: string, clean: boolean): void {
    outcome ??= { end, clean };
  }

  function fail(end: string): void {
    outcome = { end, clean: false };
    socket.destroy();
  }

  function onMessage(text: string): void {
    const [from, number] = text.split(" ");
    version ??= from;
    if (Number(number) !== messages + 1 || from !== version)
      fail(`wrong message ${JSON.stringify(text.slice(0, 60))}`);
    else messages++;
  }

  function onFrames(chunk: Buffer): void {
    try {
      for (const frame of frames.push(chunk)) {
        if (frame.masked) fail("a masked frame from the server");
        else if (outcome?.clean) fail("a frame after the close frame");
        else if (frame.opcode === TEXT) onMessage(frame.payload.toString("latin1"));
        else if (frame.opcode === CLOSE) {
          const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
          say(leaving ? "closed by client" : `close ${code}`, leaving || code === 1001 || code === 1012);
          clearInterval(timer);
          if (!leaving) socket.end(closeFrame(code, true));
        }
      }
    } catch (error) {
      fail(`not a frame: ${(error as Error).message}`);
    }
  }

  function onHead(chunk: Buffer): void {
    head += chunk.toString("latin1");
    const at = head.indexOf("\r\n\r\n");
    if (at < 0) return;
    const lines = head.slice(0, at).split("\r\n");
    const accept = lines
      .find((line) => /^sec-websocket-accept:/i.test(line))
      ?.split(":")[1]
      ?.trim();
    if (!/^HTTP\/1\.1 101 /.test(lines[0]!) || accept !== acceptOf(key)) {
      fail(`not upgraded: ${lines[0]}`);
      return;
    }
    isOpen = true;
    timer = setInterval(
      () => socket.write(encodeFrame(TEXT, Buffer.from(`${++sent}`), true)),
      options.everyMs,
    );
    const rest = Buffer.from(head.slice(at + 4), "latin1");
    if (rest.length > 0) onFrames(rest);
  }

  socket.on("data", (chunk: Buffer) => {
    if (isOpen) onFrames(chunk);
    else onHead(chunk);
  });
  socket.on("end", () =>
    say(frames.left > 0 ? "cut in the middle of a frame" : "cut without a close frame", false),
  );
  socket.on("error", (error: NodeJS.ErrnoException) => say(`connection failed: ${error.code}`, false));

  const ended = new Promise<StreamResult>((resolve) => {
    socket.once("close", () => {
      clearInterval(timer);
      isOpen = false;
      const { end, clean } = outcome ?? { end: "closed without a word", clean: false };
      resolve({ kind: "websocket", messages, version, end, clean, openedAt, endedAt: performance.now() });
    });
  });

  return {
    kind: "websocket",
    get messages() {
      return messages;
    },
    get isOpen() {
      return isOpen;
    },
    ended,
    close() {
      clearInterval(timer);
      if (leaving || socket.destroyed) return;
      leaving = true;
      socket.write(closeFrame(1000, true));
    },
  };
}
