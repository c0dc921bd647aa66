import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openEventStream } from "./event-stream-client.ts";
import { sendSlowHead } from "./slow-head.ts";
import { openWebSocket } from "./websocket-client.ts";
import { acceptOf, closeFrame, createFrameReader, encodeFrame, TEXT } from "./websocket-frame.ts";

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

async function serve(
  onHead: (socket: Socket, head: string) => void,
): Promise<{ host: string; port: number; requestId: string; everyMs: number }> {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk) => onHead(socket, chunk.toString("latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { host: "127.0.0.1", port: address.port, requestId: "x", everyMs: 5 };
}

function upgraded(head: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1] ?? "";
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`;
}

const text = (message: string) => encodeFrame(TEXT, Buffer.from(message), false);

describe("a WebSocket of the strict client", () => {
  const ends: [string, (socket: Socket) => void, object][] = [
    ["close 1012", (socket) => socket.end(closeFrame(1012, false)), { end: "close 1012", clean: true }],
    [
      "close 1001 behind a message",
      (socket) => socket.end(Buffer.concat([text("v1 1"), closeFrame(1001, false)])),
      { end: "close 1001", clean: true, messages: 1 },
    ],
    ["another close", (socket) => socket.end(closeFrame(1011, false)), { end: "close 1011", clean: false }],
    [
      "FIN without a close frame",
      (socket) => socket.end(),
      { end: "cut without a close frame", clean: false },
    ],
    [
      "FIN in a frame",
      (socket) => socket.end(text("v1 1").subarray(0, 4)),
      { end: "cut in the middle of a frame", clean: false },
    ],
    ["RST", (socket) => socket.resetAndDestroy(), { end: "connection failed: ECONNRESET", clean: false }],
    [
      "a message that is missing",
      (socket) => socket.write(text("v1 2")),
      { clean: false, end: expect.stringContaining("wrong message") },
    ],
    [
      "a message twice",
      (socket) => socket.write(Buffer.concat([text("v1 1"), text("v1 1")])),
      { clean: false, messages: 1 },
    ],
    [
      "another version's message",
      (socket) => socket.write(Buffer.concat([text("v1 1"), text("v2 2")])),
      { clean: false, version: "v1" },
    ],
    [
      "a frame behind the close",
      (socket) => socket.write(Buffer.concat([closeFrame(1012, false), text("v1 1")])),
      { clean: false, end: "a frame after the close frame" },
    ],
    [
      "bytes that are no frame",
      (socket) => socket.write("HTTP/1.1 502 Bad Gateway\r\n\r\n"),
      { clean: false, end: expect.stringContaining("not a frame") },
    ],
  ];
  it.each(ends)("sees %s for what it is", async (_what, act, expected) => {
    const at = await serve((socket, head) => socket.write(upgraded(head), () => act(socket)));
    expect(await openWebSocket(at).ended).toMatchObject(expected);
  });

  it("sees a refusal to upgrade", async () => {
    const at = await serve((socket) =>
      socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
    );
    expect(await openWebSocket(at).ended).toMatchObject({
      clean: false,
      end: "not upgraded: HTTP/1.1 503 Service Unavailable",
    });
  });
});

describe("an event stream of the strict client", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`;
  const ends: [string, string, object][] = [
    [
      "the end of the message",
      `${chunk("id: 1\ndata: v1\n\n")}0\r\n\r\n`,
      { end: "end of stream", clean: true, messages: 1 },
    ],
    [
      "FIN without the last chunk",
      chunk("id: 1\ndata: v1\n\n"),
      { end: "cut in the middle of the stream", clean: false },
    ],
    [
      "an end in the middle of an event",
      `${chunk("id: 1\ndata")}0\r\n\r\n`,
      { end: "ended in the middle of an event", clean: false },
    ],
    ["a missing event", chunk("id: 2\ndata: v1\n\n"), { clean: false, messages: 0 }],
    [
      "another version's event",
      chunk("id: 1\ndata: v1\n\nid: 2\ndata: v2\n\n"),
      { clean: false, messages: 1 },
    ],
  ];
  it.each(ends)("sees %s for what it is", async (_what, body, expected) => {
    const at = await serve((socket) => socket.end(head + body));
    expect(await openEventStream(at).ended).toMatchObject(expected);
  });

  it("takes a stream that lasts until close for one whose end cannot be known", async () => {
    const at = await serve((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nid: 1\ndata: v1\n\n"));
    expect(await openEventStream(at).ended).toMatchObject({ clean: false });
  });
});

it("frames of every length come back as they were, however they are sliced", () => {
  const payloads = [0, 1, 125, 126, 5_000].map((bytes) => Buffer.alloc(bytes, bytes));
  for (const masked of [true, false]) {
    const reader = createFrameReader();
    const wire = Buffer.concat(payloads.map((payload) => encodeFrame(TEXT, payload, masked)));
    const frames = [...wire].flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(frames.map(({ payload }) => payload)).toEqual(payloads);
    expect(reader.left).toBe(0);
  }
});

it("a slow head notes the answer and its time", async () => {
  const at = await serve((socket) =>
    socket.end("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
  );
  expect(await sendSlowHead(at, 5, 5_000)).toMatchObject({ status: 408 });
});
