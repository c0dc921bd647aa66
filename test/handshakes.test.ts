// Apps that introduce themselves badly, twice, or not at all, and gates that nobody knows: a real sluice answers each with
// a reason that helps.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect } from "vitest";
import { get, send } from "./harness/client.ts";
import { test } from "./harness/scene.ts";
import type { Sidecar } from "./harness/sidecar.ts";

const GOOD = { version: "v1", instance: "instance-1", signals: ["SIGTERM"] };
const SHAKE = "/v1/slots/a/handshake";

async function reasonOf(sluice: Sidecar): Promise<string> {
  return ((await sluice.ops("/readyz")).body as { reason: string }).reason;
}

describe.concurrent("a handshake that cannot stand", () => {
  test("for a slot that there is not: 404, with the names of those that there are", async ({ two }) => {
    const sluice = await two.sluice();
    expect(await sluice.control("POST", "/v1/slots/c/handshake", GOOD)).toMatchObject({
      status: 404,
      body: { error: "UNKNOWN_SLOT", message: expect.stringContaining("a, b") },
    });
  });

  test("with a bad body: 400, every problem at once", async ({ one }) => {
    const sluice = await one.sluice();
    const empty = await sluice.control("POST", SHAKE, { version: "" });
    expect(empty).toMatchObject({ status: 400, body: { error: "BAD_BODY" } });
    const { message } = empty.body as { message: string };
    for (const key of ["version", "instance", "signals"]) expect(message).toContain(`"${key}"`);
    for (const body of ["{", "[]", '"v1"', ""]) {
      expect(await sluice.control("POST", SHAKE, body)).toMatchObject({ status: 400 });
    }
    expect(await reasonOf(sluice)).toBe("slot a: no app has shaken hands");
  });

  test("without SIGTERM: 422, and /readyz says what it lacks, until it comes back with it", async ({
    one,
  }) => {
    const sluice = await one.sluice();
    const door = createServer().listen(sluice.ports.slots.a, "127.0.0.1");
    await once(door, "listening");
    const refused = await sluice.control("POST", SHAKE, { ...GOOD, signals: ["SIGUSR2"] });
    expect(refused).toMatchObject({ status: 422, body: { error: "MISSING_SIGNALS" } });
    await sluice.event("handshake_refused");
    // The probe goes round once a second, so either sentence may stand there.
    expect(await reasonOf(sluice)).toMatch(
      /^slot a: (v1 answers its probe, but )?its handshake lacks SIGTERM$/,
    );
    expect((await sluice.ops("/readyz")).status).toBe(503);
    const closed = once(door, "close");
    door.close();
    await closed;
    await one.app("a");
    await sluice.event("switch");
    expect((await sluice.ops("/readyz")).status).toBe(200);
  });
});

describe.concurrent("a pid in a handshake", () => {
  test("with --shared-pids, a process that provably has no handler: 422, and /readyz says so", async ({
    one,
  }) => {
    const sluice = await one.sluice(["--shared-pids"]);
    const bare = spawn("cat", ["/proc/version", "-"], { stdio: ["pipe", "pipe", "inherit"] });
    one.later(() => bare.kill("SIGKILL"));
    await once(bare.stdout, "data");
    expect(await sluice.control("POST", SHAKE, { ...GOOD, pid: bare.pid })).toMatchObject({
      status: 422,
      body: { error: "SIGNALS_NOT_CAUGHT" },
    });
    expect(await reasonOf(sluice)).toBe("slot a: its process has no handler for SIGTERM");
    // What cannot be read proves nothing.
    const shaken = sluice.control("POST", SHAKE, { ...GOOD, pid: 4_194_304 });
    shaken.catch(() => {});
    await sluice.event("handshake");
  });

  test("without it, means nothing", async ({ one }) => {
    const sluice = await one.sluice();
    const shaken = sluice.control("POST", SHAKE, { ...GOOD, pid: process.pid });
    shaken.catch(() => {});
    await sluice.event("handshake");
  });
});

describe.concurrent("who speaks for the slot", () => {
  test("twice by one instance: one generation, and the newer lifeline is the one that counts", async ({
    one,
  }) => {
    const sluice = await one.sluice();
    const app = await one.app("a");
    await sluice.event("switch");
    await app.reopen();
    await sluice.event("lifeline_resumed");
    expect(await get(sluice.ports.listen, "/")).toMatchObject({ status: 200 });
    expect(sluice.events("handshake")).toHaveLength(1);
    expect(sluice.events("lifeline_lost")).toEqual([]);
    app.loseLifeline();
    await sluice.event("lifeline_lost");
  });

  test("two instances: the newer wins, the older is told, and its end means nothing", async ({ one }) => {
    const sluice = await one.sluice();
    const older = await one.app("a", { version: "old" });
    await sluice.event("switch");
    await older.closeDoor();
    const newer = await one.app("a", { version: "new" });
    await older.told("superseded");
    await sluice.event("switch", ({ version }) => version === "new");
    older.die();
    expect(await get(sluice.ports.listen, "/")).toMatchObject({ status: 200, body: "new GET /" });
    expect(newer.lines).not.toContain("superseded");
    expect(sluice.events("lifeline_lost")).toEqual([]);
  });

  test("half-open: an app that closes its half of the lifeline has ended it", async ({ one }) => {
    const sluice = await one.sluice();
    const lifeline = connect({ port: sluice.ports.control, host: "127.0.0.1", allowHalfOpen: true });
    one.later(() => lifeline.destroy());
    const body = JSON.stringify(GOOD);
    lifeline.write(
      `POST ${SHAKE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await sluice.event("handshake");
    lifeline.end();
    await sluice.event("lifeline_lost");
  });

  test("a lifeline that a forked child keeps open hides the death; a refused connection demotes all the same", async ({
    one,
  }) => {
    const sluice = await one.sluice(["--probe-interval", "60s"]);
    // The shell inherits the connection and hands it to its child, so the lifeline outlives the "app".
    const script = `exec 3<>/dev/tcp/127.0.0.1/${sluice.ports.control}
      body='${JSON.stringify(GOOD)}'
      printf 'POST ${SHAKE} HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "\${#body}" "$body" >&3
      sleep 60 & echo "$!"
      read -r _`;
    const door = createServer((socket) => {
      // Probes come and go as they like.
      socket.on("error", () => {});
      socket.resume().end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nv1");
    });
    door.listen(sluice.ports.slots.a, "127.0.0.1");
    await once(door, "listening");
    const app = spawn("bash", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
    const [child] = await once(createInterface({ input: app.stdout }), "line");
    one.later(() => process.kill(Number(child)));
    await sluice.event("switch");
    expect(await get(sluice.ports.listen, "/")).toMatchObject({ status: 200, body: "v1" });
    app.kill("SIGKILL");
    await once(app, "exit");
    door.close();
    await once(door, "close");
    const held = send(sluice.ports.listen, "/next");
    await sluice.event("unreachable");
    await sluice.event("hold_began");
    expect(sluice.events("lifeline_lost")).toEqual([]);
    expect((await sluice.ops("/readyz")).body).toMatchObject({ reason: "slot a: v1 refuses connections" });
    await one.app("a", { version: "v2" });
    expect(await held.answer).toMatchObject({ status: 200, body: "v2 GET /next" });
  });
});

test.concurrent("a control socket that a dead sluice left is taken over by the next", async ({ one }) => {
  const first = await one.sluice();
  first.signal("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  const second = await one.sluice();
  const socket = connect(join(one.folder, "control.sock"));
  socket.write("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  second.signal("SIGTERM");
  expect(await second.ended).toBe(0);
});

test.concurrent("a gate that nobody configured: 404, with those that are", async ({ one }) => {
  const sluice = await one.sluice(["--gates", "consul,kafka"]);
  await one.app("a");
  expect(await sluice.control("PUT", "/v1/slots/a/gates/redis", { open: true })).toMatchObject({
    status: 404,
    body: { error: "UNKNOWN_GATE", message: expect.stringContaining("consul, kafka") },
  });
});

test.concurrent("orders for a slot without an app: 409, and nobody waits for ever", async ({ two }) => {
  const sluice = await two.sluice();
  await two.app("a");
  for (const order of ["promote", "drain", "reload"]) {
    const reply = await sluice.control("POST", `/v1/slots/b/${order}`);
    expect(reply, order).toMatchObject({ status: 409, body: { error: "NO_GENERATION" } });
  }
});
