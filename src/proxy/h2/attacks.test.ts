// What a client can do to sluice with frames that cost it next to nothing, each by the name under which it is known.

import { afterEach, describe, expect, it } from "vitest";
import { counted } from "../engine-suite/raw-app.ts";
import type { Stage } from "../engine-suite/stage.ts";
import {
  errorCode,
  FRAME,
  type Frame,
  FrameClient,
  frame,
  Http2Client,
  headBlock,
  literal,
  PREFACE,
  postBlock,
} from "./client.fixture.ts";
import { stageOfHttp1App } from "./stage.fixture.ts";

const ENHANCE_YOUR_CALM = 11;
const HELLO = [PREFACE, frame(FRAME.settings, 0, 0)];

describe("an HTTP/2 client that attacks", () => {
  let stage: Stage;
  const clients: { close(): void }[] = [];
  const raw = (...parts: (string | Buffer)[]) => {
    const client = new FrameClient(stage.port);
    clients.push({ close: () => client.socket.destroy() });
    client.send(...parts);
    return client;
  };
  const set = async () => {
    stage = await stageOfHttp1App({ onRequest: ({ socket }) => socket.write(counted("fine")) });
  };
  /** The connection has ended, each of its requests has, and others are served. */
  const isOver = async (client: FrameClient) => {
    await client.closed();
    const other = new Http2Client(stage.port);
    clients.push(other);
    expect((await other.ask({ ":path": "/" })).status).toBe(200);
    while (stage.tickets.account().inFlight > 0) await stage.ended(stage.records.length + 1);
    const { accepted } = stage.tickets.account();
    expect(stage.records.length).toBe(accepted);
  };
  const goawayCode = ({ frames }: FrameClient) =>
    frames.find(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4);
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await stage.stop();
  });

  it("by rapid reset (CVE-2023-44487) is cut off, and each request that it began is counted once", async () => {
    await set();
    const client = raw(...HELLO);
    await client.frame(({ type }) => type === FRAME.settings);
    let id = 1;
    while (!client.isClosed && id < 100_000) {
      const burst: Buffer[] = [];
      for (let i = 0; i < 100; i++, id += 2)
        burst.push(frame(FRAME.headers, 5, id, headBlock()), frame(FRAME.rst, 0, id, errorCode(8)));
      client.send(Buffer.concat(burst));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await isOver(client);
    expect(id).toBeLessThan(100_000);
    const ended = new Set(stage.records.map(({ ending }) => ending));
    expect([...ended].sort()).toEqual(["answered", "client_aborted"]);
  });

  it("by opening more streams than it may (CVE-2023-44487, without resets) has them refused", async () => {
    stage = await stageOfHttp1App({});
    const client = raw(...HELLO);
    const heads: Buffer[] = [];
    for (let id = 1; id < 2 * 400; id += 2) heads.push(frame(FRAME.headers, 5, id, headBlock()));
    client.send(Buffer.concat(heads));
    await client.frame(({ type }) => type === FRAME.rst || type === FRAME.goaway);
    expect(stage.tickets.account().inFlight).toBeLessThanOrEqual(256);
    client.socket.destroy();
    const { accepted } = stage.tickets.account();
    await stage.ended(accepted);
    expect(accepted).toBeLessThanOrEqual(256);
  });

  it("by a flood of CONTINUATION (CVE-2024-27316) is cut off", async () => {
    await set();
    const client = raw(...HELLO, frame(FRAME.headers, 1, 1, headBlock()));
    for (let i = 0; i < 10_000 && !client.isClosed; i++) {
      client.send(frame(FRAME.continuation, 0, 1, literal(`x-${i}`, "1")));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await isOver(client);
    expect(stage.records.length).toBe(1);
  });

  it("by a flood of empty CONTINUATION is cut off", async () => {
    await set();
    const client = raw(...HELLO, frame(FRAME.headers, 1, 1, headBlock()));
    for (let i = 0; i < 10_000 && !client.isClosed; i++) {
      client.send(frame(FRAME.continuation, 0, 1));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await isOver(client);
  });

  it("by a flood of SETTINGS (CVE-2019-9515) is told to calm down", async () => {
    await set();
    const client = raw(...HELLO);
    client.send(Buffer.concat(Array.from({ length: 500 }, () => frame(FRAME.settings, 0, 0))));
    await isOver(client);
    expect(goawayCode(client)).toBe(ENHANCE_YOUR_CALM);
  });

  it("by a flood of PING (CVE-2019-9512) is told to calm down", async () => {
    await set();
    const client = raw(...HELLO);
    await client.frame(({ type }) => type === FRAME.settings);
    const some = Buffer.concat(Array.from({ length: 200 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))));
    for (let i = 0; i < 1_000 && !client.isClosed; i++) {
      client.send(some);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await isOver(client);
    expect(goawayCode(client)).toBe(ENHANCE_YOUR_CALM);
  });

  it("by an HPACK bomb has its stream reset: little on the wire, much in memory", async () => {
    await set();
    const client = raw(...HELLO);
    // Into the dynamic table (RFC 7541 6.2.1), and then 1,000 times out of it in one byte each.
    const value = "x".repeat(4000);
    const head = literal("x-bomb", value);
    head[0] = 0x40;
    const block = Buffer.concat([headBlock(), head, Buffer.alloc(1000, 0xbe)]);
    client.send(frame(FRAME.headers, 5, 1, block));
    const { payload } = await client.frame(({ type, id }) => type === FRAME.rst && id === 1);
    expect(payload.readUInt32BE()).toBe(ENHANCE_YOUR_CALM);
    client.send(frame(FRAME.headers, 5, 3, headBlock()));
    await client.frame(({ type, id }) => type === FRAME.data && id === 3);
    expect(stage.records.length).toBe(1);
  });

  it("by a flood of empty DATA (CVE-2019-9518) is cut off", async () => {
    await set();
    const client = raw(...HELLO, frame(FRAME.headers, 4, 1, postBlock()));
    for (let i = 0; i < 10_000 && !client.isClosed; i++) {
      client.send(frame(FRAME.data, 0, 1));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await isOver(client);
  });

  it("by a window of one byte (CVE-2019-9511) makes sluice keep little", async () => {
    let written = 0;
    stage = await stageOfHttp1App({
      onRequest: ({ socket }) => {
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
        const pump = () => {
          while (written < 64 * 1024 * 1024) {
            written += chunk.length;
            if (!socket.write(chunk)) return;
          }
        };
        socket.on("drain", pump);
        pump();
      },
    });
    const settings = Buffer.from([0, 4, 0, 0, 0, 1]);
    const client = raw(
      PREFACE,
      frame(FRAME.settings, 0, 0, settings),
      frame(FRAME.headers, 5, 1, headBlock()),
    );
    await client.frame(({ type }) => type === FRAME.data);
    for (let before = -1; before !== written; ) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(written).toBeLessThan(8 * 1024 * 1024);
  });

  it("by a preface without SETTINGS behind it is cut after the time that a head may take", async () => {
    stage = await stageOfHttp1App({}, { limits: { headTimeoutMs: 300 } });
    const client = raw(PREFACE);
    await client.closed();
    expect(stage.engine.connections).toBe(0);
    expect(stage.tickets.account().accepted).toBe(0);
  });

  it("by vanishing without a word, in the middle of its requests, is found out by a question", async () => {
    stage = await stageOfHttp1App({});
    const client = raw(...HELLO, frame(FRAME.headers, 5, 1, headBlock()));
    const isQuestion = (each: Frame) =>
      each.type === FRAME.settings && each.flags === 0 && each.payload.length === 0;
    await client.frame(isQuestion);
    // It answers nothing.
    await client.closed();
    expect((await stage.ended(1))[0]).toMatchObject({ ending: "client_aborted" });
  });

  it("by ending HTTP/2 and leaving its connection open is cut", async () => {
    await set();
    const client = new FrameClient(stage.port, true);
    clients.push({ close: () => client.socket.destroy() });
    client.send(...HELLO, frame(FRAME.headers, 5, 1, headBlock()));
    await client.frame(({ type, id }) => type === FRAME.data && id === 1);
    client.send(frame(FRAME.goaway, 0, 0, Buffer.alloc(8)));
    while (stage.engine.connections > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it("by breaking the protocol and reading nothing of its answer ends all the same", async () => {
    stage = await stageOfHttp1App({}, { limits: { responseTimeoutMs: 50 } });
    const noWindow = frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
    const client = raw(PREFACE, noWindow, frame(FRAME.headers, 5, 1, headBlock()));
    client.send(frame(FRAME.goaway, 0, 0, Buffer.alloc(8)), frame(FRAME.continuation, 4, 0, Buffer.alloc(8)));
    await client.closed();
    expect((await stage.ended(1)).length).toBe(1);
  });

  it("by leaving its answer unread, were it only an error's, is cut after the time that it may idle", async () => {
    stage = await stageOfHttp1App(
      { onRequest: ({ socket }) => socket.write(counted("x".repeat(10))) },
      { limits: { clientIdleMs: 300 } },
    );
    const noWindow = frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
    const tooMany = Array.from({ length: 120 }, (_, i) => [`x-${i}`, "1"] as const);
    const client = raw(
      PREFACE,
      noWindow,
      frame(FRAME.headers, 5, 1, headBlock()),
      frame(FRAME.headers, 5, 3, headBlock(...tooMany)),
    );
    let answered = 0;
    client.socket.on("data", () => {
      const asked = client.frames.filter(({ type, flags }) => type === FRAME.settings && flags === 0).length;
      for (; answered < asked; answered++) client.send(frame(FRAME.settings, 1, 0));
    });
    const records = await stage.ended(2);
    expect(records.map(({ ending }) => ending).sort()).toEqual(["client_aborted", "refused"]);
  });

  it("by asking for a body on a reset stream, or for stream 0, breaks its own connection only", async () => {
    await set();
    for (const bad of [
      frame(FRAME.headers, 5, 2, headBlock()),
      frame(FRAME.data, 0, 0, Buffer.from("x")),
      frame(FRAME.headers, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
      frame(FRAME.windowUpdate, 0, 0, Buffer.alloc(4)),
      frame(FRAME.settings, 0, 0, Buffer.alloc(5)),
    ]) {
      const client = raw(...HELLO, bad);
      await client.closed();
      expect(goawayCode(client)).toBeGreaterThan(0);
    }
    expect(stage.tickets.account().accepted).toBe(0);
  });
});
