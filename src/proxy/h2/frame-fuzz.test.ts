// Whatever frames a client sends, and whatever the app does meanwhile: nothing breaks, nothing hangs, every request that was
// accepted ends once, and the next client is served.

import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AppBehaviour, counted } from "../engine-suite/raw-app.ts";
import { destinationOf, type Stage } from "../engine-suite/stage.ts";
import { errorCode, FRAME, FrameClient, frame, Http2Client, literal, PREFACE } from "./client.fixture.ts";
import { type Answering, Http2App, stageOfHttp1App, stageOfHttp2App } from "./stage.fixture.ts";

const KINDS = ["fine", "chunked", "early", "die", "hang", "part", "slow"] as const;

/** What the app does is said by the path. */
const app1: AppBehaviour = {
  onHead: ({ line }, socket) => {
    if (line.includes("/early")) socket.write(counted("early", "413 No"));
  },
  onRequest: ({ target, socket }) => {
    if (target === "/fine") socket.write(counted("fine"));
    if (target === "/chunked")
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
    if (target === "/die") socket.destroy();
    if (target === "/part") {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart");
      setTimeout(() => socket.destroy(), 2);
    }
    if (target === "/slow") setTimeout(() => socket.write(counted("x".repeat(100_000))), 3);
  },
};
const app2: Answering = (stream, { raw }) => {
  const path = raw[raw.indexOf(":path") + 1];
  const answer = (body: string) => {
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-t": "1" }));
    stream.end(body);
  };
  stream.resume();
  if (path === "/early") answer("early");
  if (path === "/die") stream.close(2);
  if (path === "/fine" || path === "/chunked") stream.on("end", () => answer("fine"));
  if (path === "/slow") setTimeout(() => answer("x".repeat(100_000)), 3);
  if (path === "/part") {
    stream.respond({ ":status": 200 });
    stream.write("part");
    setTimeout(() => stream.close(8), 2);
  }
};

const id = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 9, 2, 2 ** 31 - 1);
const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
const head = fc
  .tuple(
    fc.constantFrom(...KINDS),
    fc.boolean(),
    fc.constantFrom<readonly (readonly [string, string])[]>(
      [],
      [["content-length", "3"]],
      [["content-type", "application/grpc"]],
      [["expect", "100-continue"]],
      [["te", "trailers"]],
      [["transfer-encoding", "chunked"]],
      [["Bad", "1"]],
      [[":late", "1"]],
    ),
  )
  .map(([kind, isGet, fields]) =>
    Buffer.concat([
      Buffer.from([isGet ? 0x82 : 0x83, 0x86]),
      literal(":path", `/${kind}`),
      literal(":authority", "x"),
      ...fields.map(([name, value]) => literal(name, value)),
    ]),
  );
const part = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(id, fc.constantFrom(4, 5, 5, 1), head)
      .map(([to, flags, block]) => frame(FRAME.headers, flags, to, block)),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom(0, 0, 1), bytes(300))
      .map(([to, flags, data]) => frame(FRAME.data, flags, to, data)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(id, fc.constantFrom(0, 2, 7, 8, 11))
      .map(([to, code]) => frame(FRAME.rst, 0, to, errorCode(code))),
  },
  fc
    .tuple(id, fc.constantFrom(0, 1, 65_535, 2 ** 31 - 1))
    .map(([to, size]) => frame(FRAME.windowUpdate, 0, to, errorCode(size))),
  fc.constant(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]))),
  fc.constant(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0]))),
  fc.constant(frame(FRAME.ping, 0, 0, Buffer.alloc(8))),
  fc.constant(frame(FRAME.goaway, 0, 0, Buffer.alloc(8))),
  fc.tuple(id, bytes(20)).map(([to, block]) => frame(FRAME.continuation, 4, to, block)),
  fc
    .tuple(fc.nat(20), fc.nat(255), id, bytes(30))
    .map(([type, flags, to, payload]) => frame(type, flags, to, payload)),
  bytes(20),
);
const script = fc.record({
  parts: fc.array(part, { minLength: 1, maxLength: 25 }),
  /** Where the bytes are cut, and after how many parts the event loop turns. */
  turns: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
  leaves: fc.boolean(),
});

let stages: { readonly name: string; readonly stage: Stage; readonly stop: () => Promise<void> }[] = [];
const LIMITS = { limits: { bodyTimeoutMs: 50, responseTimeoutMs: 60 } };
beforeAll(async () => {
  const app = await Http2App.start(app2);
  const over1 = await stageOfHttp1App(app1, LIMITS);
  const over2 = await stageOfHttp2App(app.port, {
    ...LIMITS,
    route: { to: "generation", destination: destinationOf(app.port) },
  });
  stages = [
    { name: "HTTP/1.1", stage: over1, stop: () => over1.stop() },
    { name: "HTTP/2", stage: over2, stop: () => over2.stop().then(() => app.stop()) },
  ];
});
afterAll(async () => {
  for (const { stop } of stages) await stop();
});

it.each([7, Date.now() % 1_000_000])("nothing breaks, hangs or goes uncounted (seed %i)", async (seed) => {
  for (const { stage } of stages) {
    await fc.assert(
      fc.asyncProperty(script, async ({ parts, turns, leaves }) => {
        const client = new FrameClient(stage.port);
        client.send(PREFACE, frame(FRAME.settings, 0, 0));
        for (let at = 0, turn = 0; at < parts.length; turn++) {
          const count = turns[turn % turns.length]!;
          client.send(Buffer.concat(parts.slice(at, at + count)));
          at += count;
          await new Promise((resolve) => setTimeout(resolve, turn % 2));
        }
        if (leaves) client.socket.destroy();
        else client.socket.end();
        await client.closed();
        // Of the last frames and the end, sluice hears a little later.
        while (stage.engine.connections > 0 || stage.tickets.account().inFlight > 0)
          await new Promise((resolve) => setTimeout(resolve, 1));
        expect(stage.records.length).toBe(stage.tickets.account().accepted);
      }),
      { numRuns: 150, seed },
    );
    const next = new Http2Client(stage.port);
    expect((await next.ask({ ":path": "/fine" })).status).toBe(200);
    next.close();
    while (stage.engine.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
