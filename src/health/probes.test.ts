// When the prober probes. Intervals of a minute stand for "never within this test".

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { ProbeResult } from "./facts.ts";
import { createProber, type ProberParts } from "./probes.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** An app whose health is a variable, and which says when it is asked. */
async function startApp({ isSilent = false } = {}) {
  const app = {
    status: 200,
    asked: 0,
    isSilent,
    onAsked: () => {},
    port: 0,
    waiting: [] as Socket[],
    close: () => {},
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    cleanUps.push(() => socket.destroy());
    socket.once("data", () => {
      app.asked++;
      if (app.isSilent) app.waiting.push(socket);
      else socket.end(`HTTP/1.1 ${app.status} Status\r\n\r\n`);
      app.onAsked();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  app.port = (server.address() as AddressInfo).port;
  app.close = () => {
    server.close();
  };
  cleanUps.push(app.close);
  return app;
}

function probe(port: number, { intervalMs = 60_000, timeoutMs = 10_000 }: Partial<ProberParts> = {}) {
  const results: ProbeResult[] = [];
  let wake = () => {};
  const prober = createProber({
    target: { kind: "http", path: "/healthz" },
    slot: { name: "a", host: "127.0.0.1", port },
    intervalMs,
    timeoutMs,
    onResult(result) {
      results.push(result);
      wake();
    },
  });
  cleanUps.push(() => prober.stop());
  const reach = async (count: number) => {
    while (results.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { prober, results, reach };
}

test("start probes at once, and says of which slot", async () => {
  const app = await startApp();
  const { prober, results, reach } = probe(app.port);
  prober.start();
  await reach(1);
  expect(results).toEqual([{ slot: "a", ok: true, refused: false, detail: "answered 200 to GET /healthz" }]);
});

test("start goes on at the interval", async () => {
  const app = await startApp();
  const { prober, reach } = probe(app.port, { intervalMs: 5 });
  prober.start();
  prober.start();
  await reach(4);
  expect(app.asked).toBe(4);
});

test("an app that is ready soon after its handshake is not kept waiting for an interval", async () => {
  const app = await startApp();
  app.status = 503;
  const { prober, results, reach } = probe(app.port);
  app.onAsked = () => {
    if (app.asked === 4) app.status = 200;
  };
  prober.now();
  await reach(5);
  expect(results.map((result) => result.ok)).toEqual([false, false, false, false, true]);
});

test("a pass ends the quick succession", async () => {
  const app = await startApp();
  const other = await startApp();
  const { prober, results } = probe(app.port);
  // Five probes of another app, 20 to 160 ms apart, are the clock of this test.
  other.status = 503;
  const clock = probe(other.port);
  prober.now();
  clock.prober.now();
  await clock.reach(5);
  expect(results).toHaveLength(1);
});

test("a now() while a probe is in flight runs another one after it, since the first may have begun too early", async () => {
  const app = await startApp({ isSilent: true });
  const { prober, results, reach } = probe(app.port);
  const asked = new Promise<void>((resolve) => {
    app.onAsked = resolve;
  });
  prober.start();
  await asked;
  prober.now();
  prober.now();
  app.isSilent = false;
  app.status = 503;
  for (const socket of app.waiting) socket.end("HTTP/1.1 200 From the one before\r\n\r\n");
  await reach(2);
  expect(results.map((result) => result.ok)).toEqual([true, false]);
  expect(app.asked).toBe(2);
});

test("one probe in flight at a time", async () => {
  const app = await startApp({ isSilent: true });
  const { prober, results, reach } = probe(app.port, { intervalMs: 1, timeoutMs: 60 });
  prober.start();
  prober.now();
  prober.now();
  await reach(2);
  expect(results.map((result) => result.detail)).toEqual(["no answer within 60ms", "no answer within 60ms"]);
  expect(app.waiting.length).toBe(2);
});

test("eager: an unreachable slot is found again without waiting for the interval", async () => {
  const app = await startApp();
  const { prober, results, reach } = probe(app.port);
  prober.start();
  await reach(1);
  app.status = 500;
  prober.setPace("eager");
  await reach(3);
  expect(results.map((result) => result.ok)).toEqual([true, false, false]);
});

test("a refused connection is said to be one", async () => {
  const app = await startApp();
  app.close();
  const { prober, results, reach } = probe(app.port);
  prober.setPace("eager");
  prober.start();
  await reach(2);
  expect(results[1]).toEqual({ slot: "a", ok: false, refused: true, detail: "connection refused" });
});

test("after stop no result comes, not even of the probe in flight; now() begins anew", async () => {
  const app = await startApp({ isSilent: true });
  const { prober, results, reach } = probe(app.port);
  const asked = new Promise<void>((resolve) => {
    app.onAsked = resolve;
  });
  prober.start();
  await asked;
  const [socket] = app.waiting;
  if (!socket) throw new Error("no probe came");
  const closed = once(socket.resume(), "close");
  prober.stop();
  prober.stop();
  await closed;
  expect(results).toEqual([]);
  app.isSilent = false;
  prober.now();
  await reach(1);
  expect(results).toHaveLength(1);
});
