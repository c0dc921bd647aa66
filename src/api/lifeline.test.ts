// The lifeline over real sockets, with real processes: sluice must learn of every death, and of nothing else.

import { createHook } from "node:async_hooks";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ControlAddress } from "../config/config.ts";
import { SluiceError } from "../errors.ts";
import { createMemoryBackend, type OpenLifeline } from "./backend.fixture.ts";
import { call, HANDSHAKE, handshakeRequest, openRaw } from "./client.fixture.ts";
import { createControlServer } from "./control.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function setUp() {
  const memory = createMemoryBackend();
  const errors: Error[] = [];
  const directory = mkdtempSync(join(tmpdir(), "lifeline-"));
  const server = createControlServer({
    backend: memory.backend,
    page: memory.page,
    addresses: [{ path: join(directory, "control.sock") }, { host: "127.0.0.1", port: 0 }],
    onError: (error) => errors.push(error),
  });
  const [unix, tcp] = await server.listen();
  if (!unix || !tcp) throw new Error("no addresses");
  cleanUps.push(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  return { ...memory, unix, tcp, errors };
}

async function openLifeline(address: ControlAddress, slot = "a") {
  const app = await openRaw(address);
  cleanUps.push(() => void app.socket.destroy());
  app.socket.write(handshakeRequest(slot, HANDSHAKE));
  await app.until('"accepted"');
  return app;
}

/** A process of its own that shakes hands over a plain socket, as an app in another container does. */
async function startApp(address: ControlAddress, { withHeir = false } = {}) {
  const program = `
    const { connect } = require("node:net");
    const { spawn } = require("node:child_process");
    const socket = connect(${JSON.stringify("path" in address ? address : { ...address, host: "127.0.0.1" })});
    socket.write(${JSON.stringify(handshakeRequest("a", HANDSHAKE))});
    socket.once("data", () => {
      const heir = ${withHeir} ? spawn("sleep", ["600"], { stdio: ["ignore", socket, "ignore"] }).pid : 0;
      console.log(heir);
    });
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  cleanUps.push(() => void child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  return { child, heir: Number(String(said)) };
}

describe.each(["unix", "tcp"] as const)("over %s", (family) => {
  test("an accepted handshake is a stream of lines that stays open", async () => {
    const { [family]: address, lifelines, tellAll } = await setUp();
    const app = await openLifeline(address);
    expect(app.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(lifelines[0]?.handshake).toEqual({ slot: "a", ...HANDSHAKE, pid: undefined });
    tellAll({ type: "active" });
    tellAll({ type: "reload", id: "c1" });
    await app.until('{"type":"reload","id":"c1"}\n');
    expect(lifelines[0]?.isLost).toBe(false);
  });

  test.each<[string, (app: Awaited<ReturnType<typeof openLifeline>>) => void]>([
    ["an orderly end (FIN)", ({ socket }) => void socket.end()],
    ["a close", ({ socket }) => void socket.destroy()],
    [
      "a second request on its connection",
      ({ socket }) => void socket.write("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ],
    ["garbage on its connection", ({ socket }) => void socket.write("\0\0garbage\r\n\r\n")],
  ])("%s is its loss", async (_, act) => {
    const { [family]: address, lifelines, errors } = await setUp();
    const app = await openLifeline(address);
    act(app);
    await lifelines[0]?.lost;
    await app.closed;
    expect(app.text).not.toContain("HTTP/1.1 400");
    expect(errors).toEqual([]);
  });

  test("an app that is killed with SIGKILL is lost", async () => {
    const { [family]: address, lifelines } = await setUp();
    const { child } = await startApp(address);
    expect(lifelines[0]?.isLost).toBe(false);
    child.kill("SIGKILL");
    await lifelines[0]?.lost;
  });

  // Why clients set close-on-exec, and why a refused connection demotes a slot all the same.
  test("a child that inherited the connection keeps the lifeline open after its parent's death", async () => {
    const { [family]: address, lifelines } = await setUp();
    const { child, heir } = await startApp(address, { withHeir: true });
    cleanUps.push(() => killQuietly(heir));
    child.kill("SIGKILL");
    await once(child, "exit");
    // A whole round trip after the death: an end of the connection would have been seen by then.
    await call(address, "GET", "/v1/status");
    expect(lifelines[0]?.isLost).toBe(false);
    expect(lifelines[0]?.stream.send({ type: "ping" })).toBe(true);
    killQuietly(heir);
    await lifelines[0]?.lost;
  });

  test("sluice ends it after the last line, and that is told as its end, once", async () => {
    const { [family]: address, lifelines } = await setUp();
    const app = await openLifeline(address);
    lifelines[0]?.stream.send({ type: "superseded" });
    lifelines[0]?.stream.end();
    lifelines[0]?.stream.end();
    expect(lifelines[0]?.stream.send({ type: "ping" })).toBe(false);
    await app.closed;
    await lifelines[0]?.lost;
    expect(app.text).toContain('{"type":"superseded"}\n\r\n0\r\n\r\n');
  });

  /** An app that stopped reading, with as much waiting for it as may. */
  async function openUnread(address: ControlAddress, lifelines: readonly OpenLifeline[]) {
    const app = await openLifeline(address);
    app.socket.pause();
    const [lifeline] = lifelines;
    if (!lifeline) throw new Error("no lifeline");
    let sent = 0;
    // The kernel takes some; with nothing read there is an end to it.
    while (lifeline.stream.send({ type: "reload", id: "x".repeat(10_000) })) {
      if (++sent > 10_000) throw new Error("no bound");
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { app, lifeline };
  }

  test("a last line waits for a peer that does not read, but not for ever", async () => {
    const { [family]: address, lifelines } = await setUp();
    const { lifeline } = await openUnread(address, lifelines);
    expect(lifeline.stream.send({ type: "superseded" })).toBe(true);
    lifeline.stream.end();
    await lifeline.lost;
  });

  test("a peer that closes its half while lines wait for it is lost, although nothing more can be written", async () => {
    const { [family]: address, lifelines } = await setUp();
    const { app, lifeline } = await openUnread(address, lifelines);
    app.socket.end();
    await lifeline.lost;
  });
});

test("a reset (RST) is its loss", async () => {
  const { tcp, lifelines, errors } = await setUp();
  const app = await openLifeline(tcp);
  app.socket.resetAndDestroy();
  await lifelines[0]?.lost;
  expect(errors).toEqual([]);
});

describe("a handshake that comes to nothing", () => {
  test("half a request: the backend is not asked, and the connection's end harms nobody", async () => {
    const { unix, lifelines, errors } = await setUp();
    for (const half of [
      "POST /v1/sl",
      "POST /v1/slots/a/handshake HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{",
    ]) {
      const app = await openRaw(unix);
      app.socket.end(half);
      await app.closed;
    }
    expect(lifelines).toEqual([]);
    expect(errors).toEqual([]);
    expect((await call(unix, "GET", "/v1/status")).status).toBe(200);
  });

  test("an app that has closed by the time its handshake is read is not taken for a living one", async () => {
    const { unix, lifelines } = await setUp();
    const app = await openRaw(unix);
    app.socket.end(handshakeRequest("a", HANDSHAKE));
    await app.closed;
    await call(unix, "GET", "/v1/status");
    // Accepted and lost, or never accepted: both are right, a lifeline without a peer is not.
    for (const lifeline of lifelines) await lifeline.lost;
  });

  test("refused by the backend: an ordinary answer, and the connection is good for another attempt", async () => {
    const { unix, state, lifelines } = await setUp();
    state.handshake = () => {
      throw new SluiceError("MISSING_SIGNALS", "slot a: v1 lacks a handler for SIGTERM");
    };
    const app = await openRaw(unix);
    app.socket.write(handshakeRequest("a", HANDSHAKE));
    await app.until("MISSING_SIGNALS");
    expect(app.text).toMatch(/^HTTP\/1\.1 422 /);
    state.handshake = () => {};
    app.socket.write(handshakeRequest("a", HANDSHAKE));
    await app.until('"accepted"');
    expect(lifelines).toHaveLength(1);
    app.socket.destroy();
  });

  test("a defect after the first line: the stream is cut, the log gets the cause", async () => {
    const { unix, state, errors } = await setUp();
    state.handshake = (_, stream) => {
      stream.send({ type: "active" });
      throw new Error("defect");
    };
    const app = await openRaw(unix);
    app.socket.write(handshakeRequest("a", HANDSHAKE));
    await app.closed;
    expect(app.text).not.toContain("INTERNAL");
    expect(errors).toMatchObject([{ message: "defect" }]);
  });

  test("two handshakes in one packet: one lifeline at most, and no limbo", async () => {
    const { unix, lifelines } = await setUp();
    const app = await openRaw(unix);
    app.socket.write(handshakeRequest("a", HANDSHAKE) + handshakeRequest("b", HANDSHAKE));
    await app.closed;
    await call(unix, "GET", "/v1/status");
    expect(lifelines.length).toBeLessThanOrEqual(1);
    for (const lifeline of lifelines) await lifeline.lost;
  });
});

test("1,000 lifelines: each gets its lines, each loss is seen, and none has a timer of its own", async () => {
  const { unix, lifelines, tellAll } = await setUp();
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === "Timeout") timers.add(id);
    },
    destroy: (id) => {
      timers.delete(id);
    },
  }).enable();
  const apps: Awaited<ReturnType<typeof openLifeline>>[] = [];
  for (let batch = 0; batch < 20; batch++) {
    apps.push(...(await Promise.all(Array.from({ length: 50 }, () => openLifeline(unix)))));
  }
  hook.disable();
  expect(lifelines).toHaveLength(1_000);
  expect(timers.size).toBeLessThan(10);
  expect(tellAll({ type: "ping" })).not.toContain(false);
  await Promise.all(apps.map((app) => app.until('"ping"')));
  for (const app of apps) app.socket.destroy();
  await Promise.all(lifelines.map((lifeline) => lifeline.lost));
});

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
