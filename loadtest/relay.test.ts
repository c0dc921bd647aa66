import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startApp } from "./app-process.ts";
import { openEventStream } from "./event-stream-client.ts";
import { createPortSource } from "./free-port.ts";
import { KILL_MIX, type Mix, WIDE_MIX } from "./mix.ts";
import { createPattern } from "./pattern.ts";
import { createRandom } from "./random.ts";
import { readRecord } from "./record-file.ts";
import { type Faults, NO_FAULTS, openRelay, type Relay } from "./relay.ts";
import { createStrictClient, type StrictClient } from "./strict-client.ts";
import { openWebSocket } from "./websocket-client.ts";

let directory: string;
let app: ReturnType<typeof startApp>;
let appPort: number;
let relay: Relay | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-relay-test-"));
  appPort = await createPortSource()();
  app = startApp({ directory, port: appPort, slot: "a", version: "v1", control: undefined, flags: [] }, 1);
  await app.ready;
});

afterEach(async () => {
  app.child.kill("SIGKILL");
  await app.child.exited;
  await relay?.close();
  relay = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** Sends `count` requests through a relay with these faults and waits until each has ended. */
async function through(faults: Partial<Faults>, count: number, mix: Mix): Promise<StrictClient> {
  relay = await openRelay({
    port: 0,
    target: appPort,
    faults: { ...NO_FAULTS, ...faults },
    random: createRandom(7),
  });
  let number = 0;
  const all = Promise.withResolvers<void>();
  const client = createStrictClient({
    host: "127.0.0.1",
    port: relay.port,
    run: "relay",
    nextNumber: () => {
      number++;
      if (number >= count) all.resolve();
      return number;
    },
    random: createRandom(3),
    pattern: createPattern(),
    mix,
    check: "app",
    connections: 8,
    rate: 400,
    keepAlive: true,
    answerTimeoutMs: 5_000,
  });
  client.start();
  await all.promise;
  await client.stop();
  return client;
}

const failures = (client: StrictClient) => client.entries.filter(({ failure }) => failure !== undefined);

it("passes every method and size unharmed, and the app has written each number down once", async () => {
  const client = await through({}, 60, WIDE_MIX);
  expect(failures(client)).toEqual([]);
  const numbers = readRecord(app.record).map(({ number }) => number);
  expect(numbers.toSorted((a, b) => a - b)).toEqual(
    client.entries.map(({ number }) => number).toSorted((a, b) => a - b),
  );
});

it("slices, delays and stalls without changing a byte", async () => {
  const client = await through({ slice: 1, delayMs: 2, stall: 0.05, stallMs: 20 }, 60, KILL_MIX);
  expect(failures(client)).toEqual([]);
  const { sliced, delayed, stalled } = relay!.counts();
  expect(Math.min(sliced, delayed, stalled)).toBeGreaterThan(0);
});

it("resets before an answer, and each such request is missed by the client and named by the app's file", async () => {
  const client = await through({ resetUnanswered: 0.2 }, 60, KILL_MIX);
  expect(relay!.counts().resets).toBeGreaterThan(0);
  expect(failures(client).length).toBe(relay!.counts().resets);
  expect(
    failures(client).every(
      ({ failure }) => failure === "reset unanswered" || failure === "raced with idle close",
    ),
  ).toBe(true);
});

it("resets in the middle of an answer, and the client sees it cut", async () => {
  const client = await through({ resetInAnswer: 0.2 }, 60, { ...KILL_MIX, download: [4_096, 4_096] });
  expect(failures(client).some(({ failure }) => failure === "cut by reset")).toBe(true);
});

it("keeps the gap between two resets", async () => {
  const client = await through({ resetUnanswered: 1, resetGapMs: 3_600_000 }, 40, KILL_MIX);
  expect(relay!.counts().resets).toBe(1);
  expect(failures(client)).toHaveLength(1);
});

it("sees WebSockets and event streams that are closed by the client, and those that are cut", async () => {
  const at = { host: "127.0.0.1", port: appPort, requestId: "stream", everyMs: 5 };
  const [closed, cut, stream] = [openWebSocket(at), openWebSocket(at), openEventStream(at)];
  while (closed.messages < 3 || cut.messages < 3 || stream.messages < 3)
    await new Promise((resolve) => setTimeout(resolve, 5));
  closed.close();
  expect(await closed.ended).toMatchObject({ end: "closed by client", clean: true, version: "v1" });
  app.child.kill("SIGKILL");
  expect(await cut.ended).toMatchObject({ clean: false });
  expect(await stream.ended).toMatchObject({ clean: false });
});

it("ends an event stream cleanly when the app stops in order", async () => {
  const stream = openEventStream({ host: "127.0.0.1", port: appPort, requestId: "stream", everyMs: 5 });
  while (stream.messages < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  app.child.kill("SIGTERM");
  expect(await stream.ended).toMatchObject({ end: "end of stream", clean: true });
  expect(await app.child.exited).toMatchObject({ code: 0 });
});
