// R1 to R9 of docs/stop.md (the nine rules), with a real sluice. The same rules, against the clock of a test, are in
// src/lifecycle/stops.test.ts.

import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import { untilRefused } from "../src/proxy/engine-suite/until-refused.ts";
import { get, send } from "./harness/client.ts";
import { test } from "./harness/scene.ts";
import type { Hook } from "./harness/sidecar.ts";

const DRAINED = { status: 200, body: { outcome: "drained" } };

async function outcomes(...hooks: Hook[]): Promise<unknown[]> {
  return Promise.all(hooks.map(async ({ answer }) => (await answer).body));
}

describe.concurrent("R1: a slot's hook waits a second for the Pod's", () => {
  test("an only slot goes on serving until then, and its hook is answered when it is drained", async ({
    one,
  }) => {
    const sluice = await one.sluice();
    const app = await one.app("a");
    const hook = await sluice.hook("slots/a");
    expect(await get(sluice.ports.listen, "/now")).toMatchObject({ status: 200, body: "v1 GET /now" });
    expect(sluice.events("drain_began")).toEqual([]);
    const waiting = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    const began = await sluice.event("drain_began");
    const asked = await sluice.event("hook_asked");
    // An entry's time is that of its writing, a moment after what it tells.
    expect(began.monotonicMs - asked.monotonicMs).toBeGreaterThan(800);
    await app.told("draining");
    expect(hook.isAnswered).toBe(false);
    app.release();
    expect(await hook.answer).toEqual(DRAINED);
    expect((await waiting.answer).status).toBe(200);
  });

  test("an idle slot's hook is not answered before the second is over", async ({ two }) => {
    const sluice = await two.sluice();
    await two.app("a");
    const hook = await sluice.hook("slots/b");
    await hook.answer;
    const { details } = await sluice.event("hook_answered");
    expect(details.waitedMs).toBeGreaterThanOrEqual(999);
  });

  test.for([
    ["pod", "slots/a", "slots/b"],
    ["slots/b", "slots/a", "pod"],
    ["slots/b", "pod", "slots/a"],
  ])("in a Pod stop (%s, %s, %s) no hook is answered before the drain has ended", async (order, { two }) => {
    const sluice = await two.sluice();
    const app = await two.app("a");
    const waiting = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    const hooks: Hook[] = [];
    for (const path of order) hooks.push(await sluice.hook(path));
    // Beyond the window of R1 and the minimum delay: what is waited for is the request in flight.
    await pause(1_300);
    expect(hooks.map(({ isAnswered }) => isAnswered)).toEqual([false, false, false]);
    app.release();
    expect((await waiting.answer).status).toBe(200);
    await outcomes(...hooks);
    const drained = await sluice.event("pod_drained");
    for (const { id } of sluice.events("hook_answered")) expect(id).toBeGreaterThan(drained.id);
    sluice.signal("SIGTERM");
    expect(await sluice.ended).toBe(0);
  });
});

describe.concurrent("R2: a Pod is deleted while a slot is being replaced", () => {
  test("hook and held requests wait for the new generation's handshake, which serves them", async ({
    one,
  }) => {
    const sluice = await one.sluice();
    const held = send(sluice.ports.listen, "/held");
    const hooks = [await sluice.hook("slots/a"), await sluice.hook("pod")];
    // Longer than the second after which there would be no hope without the slot's hook.
    await pause(1_400);
    expect([held, ...hooks].map(({ isAnswered }) => isAnswered)).toEqual([false, false, false]);
    await one.app("a", { version: "v2" });
    expect(await held.answer).toMatchObject({ status: 200, body: "v2 GET /held" });
    expect(await outcomes(...hooks)).toEqual([{ outcome: "drained" }, { outcome: "drained" }]);
  });

  test("without a generation and without such a hook, held requests get 503 and close after a second", async ({
    one,
  }) => {
    const sluice = await one.sluice();
    const held = send(sluice.ports.listen, "/held");
    const hook = await sluice.hook("pod");
    const { status, headers } = await held.answer;
    expect([status, headers["sluice-error"], headers.connection]).toEqual([503, "POD_STOPPING", "close"]);
    expect(await hook.answer).toEqual(DRAINED);
    const [asked] = sluice.events("hook_asked");
    const drained = await sluice.event("pod_drained");
    // Not as late as the hold's own limit.
    expect(drained.monotonicMs - (asked?.monotonicMs ?? 0)).toBeLessThan(4_000);
  });
});

test.concurrent("R3: the Pod's hook alone means that sluice's own container is replaced: not ready, then drain", async ({
  one,
}) => {
  const sluice = await one.sluice(["--drain-delay", "1500ms"]);
  await one.app("a");
  const hook = await sluice.hook("pod");
  expect((await sluice.ops("/readyz")).status).toBe(200);
  await sluice.event("pod_alone");
  expect(await sluice.ops("/readyz")).toMatchObject({
    status: 503,
    body: { reason: "sluice's own container is being replaced" },
  });
  expect((await get(sluice.ports.listen, "/still")).status).toBe(200);
  expect(hook.isAnswered).toBe(false);
  expect(await hook.answer).toEqual(DRAINED);
});

describe.concurrent("R4: orders from hooks expire", () => {
  test("a generation that outlives its hook by the grace and 5 s serves again", async ({ one }) => {
    const sluice = await one.sluice([
      "--grace",
      "1s",
      "--slot-drain",
      "500ms",
      "--drain-delay",
      "0s",
      "--hold-timeout",
      "1s",
    ]);
    await one.app("a");
    await (await sluice.hook("slots/a")).answer;
    expect((await get(sluice.ports.listen, "/")).status).toBe(503);
    await sluice.event("hook_expired");
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
    expect((await sluice.ops("/readyz")).status).toBe(200);
  });

  test("a Pod that outlives its hook by the grace and 5 s serves again", async ({ one }) => {
    const sluice = await one.sluice([
      "--grace",
      "1s",
      "--slot-drain",
      "500ms",
      "--drain-delay",
      "0s",
      "--hold-timeout",
      "1s",
    ]);
    await one.app("a");
    const hooks = [await sluice.hook("pod"), await sluice.hook("slots/a")];
    await outcomes(...hooks);
    expect((await sluice.ops("/readyz")).status).toBe(503);
    await sluice.event("pod_serving_again");
    expect((await sluice.ops("/readyz")).status).toBe(200);
    const { status, headers } = await get(sluice.ports.listen, "/", {
      headers: { connection: "keep-alive" },
    });
    expect([status, headers.connection]).not.toContain("close");
  });
});

describe.concurrent("R5: SIGTERM", () => {
  test("while the Pod's hook is unanswered: what is left has a second, the hook is answered, exit code 70", async ({
    one,
  }) => {
    const sluice = await one.sluice(["--grace", "30s"]);
    const app = await one.app("a");
    const waiting = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    const hooks = [await sluice.hook("pod"), await sluice.hook("slots/a")];
    sluice.signal("SIGTERM");
    expect(await waiting.answer).toMatchObject({
      status: 503,
      headers: { "sluice-error": "CUT_AT_DEADLINE" },
    });
    expect(await outcomes(...hooks)).toEqual([{ outcome: "deadline" }, { outcome: "deadline" }]);
    expect(await sluice.ended).toBe(70);
  });

  test("with no live slot: held requests get 503 at once, exit code 0", async ({ one }) => {
    const sluice = await one.sluice(["--drain-delay", "3s", "--slot-drain", "1s"]);
    const held = send(sluice.ports.listen, "/held");
    await sluice.control("GET", "/v1/status");
    sluice.signal("SIGTERM");
    expect(await held.answer).toMatchObject({ status: 503, headers: { "sluice-error": "POD_STOPPING" } });
    expect(await sluice.ended).toBe(0);
    const signal = await sluice.event("signal");
    const exit = await sluice.event("exit");
    // Neither a lame duck for nobody, nor the second in which a slot's hook might still come.
    expect(exit.monotonicMs - signal.monotonicMs).toBeLessThan(1_000);
  });

  test("alone, without hooks: lame duck and drain start then, nothing is cut, exit code 0", async ({
    one,
  }) => {
    const sluice = await one.sluice();
    const app = await one.app("a");
    const waiting = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    sluice.signal("SIGTERM");
    const lame = await sluice.event("lame_duck");
    expect((await get(sluice.ports.listen, "/new")).status).toBe(200);
    await pause(500);
    expect(sluice.child.isRunning).toBe(true);
    app.release();
    expect((await waiting.answer).status).toBe(200);
    expect(await sluice.ended).toBe(0);
    const exit = await sluice.event("exit");
    expect(exit.monotonicMs - lame.monotonicMs).toBeGreaterThan(200);
  });
});

test.concurrent("R6: an app that got SIGTERM gets no new requests, and finishes those that it has", async ({
  two,
}) => {
  const sluice = await two.sluice();
  const first = await two.app("a");
  const second = await two.app("b");
  const waiting = send(sluice.ports.listen, "/wait");
  await first.waiting(1);
  await first.stopping();
  expect((await get(sluice.ports.listen, "/to-b")).status).toBe(200);
  expect(second.requests).toEqual(["GET /to-b"]);
  await second.stopping();
  const held = send(sluice.ports.listen, "/held");
  await sluice.event("hold_began");
  first.release();
  expect(await waiting.answer).toMatchObject({ status: 200, body: "v1 GET /wait" });
  expect(held.isAnswered).toBe(false);
  first.die();
  await two.app("a", { version: "v1" });
  expect((await held.answer).status).toBe(200);
});

test.concurrent("an app that said that it is stopping is told to go on when what was on its way has arrived", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const app = await one.app("a");
  const waiting = send(sluice.ports.listen, "/wait");
  await app.waiting(1);
  const asked = performance.now();
  await app.stopping();
  // A timer of 100 ms in another process.
  expect(performance.now() - asked).toBeGreaterThan(95);
  app.release();
  await waiting.answer;
});

test.concurrent("R7: when a slot's hook was answered at its deadline, what is in flight goes on", async ({
  one,
}) => {
  const sluice = await one.sluice(["--slot-drain", "1200ms"]);
  const app = await one.app("a");
  const waiting = send(sluice.ports.listen, "/wait");
  await app.waiting(1);
  const hook = await sluice.hook("slots/a");
  expect(await hook.answer).toEqual({ status: 200, body: { outcome: "deadline" } });
  // SIGTERM comes to the app after the answer; the lifeline stays until its process ends.
  expect(waiting.isAnswered).toBe(false);
  app.release();
  expect(await waiting.answer).toMatchObject({ status: 200, body: "v1 GET /wait" });
});

test.concurrent("R8: the ops listener closes last, after every hook has been answered", async ({ one }) => {
  const sluice = await one.sluice();
  const app = await one.app("a");
  // A client that has not finished its question keeps sluice from closing the requests' listener at once.
  const half = connect(sluice.ports.listen, "127.0.0.1");
  one.later(() => half.destroy());
  half.on("error", () => {});
  half.write("GET /half HTTP/1.1\r\nHost: a\r\n");
  const hooks = [await sluice.hook("pod"), await sluice.hook("slots/a")];
  sluice.signal("SIGTERM");
  await outcomes(...hooks);
  await sluice.event("pod_drained");
  await untilRefused(sluice.ports.listen);
  expect((await sluice.ops("/livez")).status).toBe(200);
  expect(await sluice.ended).toBe(0);
  expect(app.requests).toEqual([]);
});

describe.concurrent("R9: not ready is no reason to refuse what arrives", () => {
  test("a closed gate on the only slot", async ({ one }) => {
    const sluice = await one.sluice(["--gates", "consul"]);
    await one.app("a");
    const gate = (open: boolean) =>
      sluice.control("PUT", "/v1/slots/a/gates/consul", { open, reason: open ? "" : "deregistered" });
    await gate(true);
    await sluice.event("switch");
    expect((await sluice.ops("/readyz")).status).toBe(200);
    await gate(false);
    expect(await sluice.ops("/readyz")).toMatchObject({
      status: 503,
      body: { reason: "slot a: gate consul is closed: deregistered" },
    });
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
  });

  test("a failed probe of the only slot", async ({ one }) => {
    let health = 200;
    const flags = ["--probe", "http:/healthz", "--probe-interval", "30ms", "--probe-failures", "2"];
    const sluice = await one.sluice(flags);
    await one.app("a", {
      handler(request, response) {
        response.statusCode = request.url === "/healthz" ? health : 200;
        response.end("here");
      },
    });
    await sluice.event("switch");
    health = 500;
    await sluice.event("probe_failed");
    expect((await sluice.ops("/readyz")).status).toBe(503);
    expect(await get(sluice.ports.listen, "/")).toMatchObject({ status: 200, body: "here" });
    health = 200;
    await sluice.event("probe_passed", ({ id }) => id > (sluice.events("probe_failed")[0]?.id ?? 0));
    expect((await sluice.ops("/readyz")).status).toBe(200);
  });
});
