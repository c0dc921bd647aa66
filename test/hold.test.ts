// Requests that wait while no app can take them: bounded in number and time, and nobody waits for a client that has left.

import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { get, send } from "./harness/client.ts";
import { test } from "./harness/scene.ts";
import type { Sidecar } from "./harness/sidecar.ts";

/** Resolves once so many requests are held; there is no event for it. */
async function holds(sluice: Sidecar, count: number): Promise<void> {
  for (;;) {
    const { body } = await sluice.control("GET", "/v1/status");
    if ((body as { held: number }).held === count) return;
    await pause(5);
  }
}

test.concurrent("what is held is answered by the app that comes, in the order in which it came", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const clients = [];
  for (let number = 1; number <= 5; number++) {
    clients.push(send(sluice.ports.listen, `/${number}`));
    await holds(sluice, number);
  }
  const app = await one.app("a");
  for (const { answer } of clients) expect((await answer).status).toBe(200);
  expect(app.requests).toEqual([1, 2, 3, 4, 5].map((number) => `GET /${number}`));
});

test.concurrent("a full hold: the next request gets 503 with Retry-After at once, those who wait keep their places", async ({
  one,
}) => {
  const sluice = await one.sluice(["--hold-max", "2"]);
  const clients = [send(sluice.ports.listen, "/1"), send(sluice.ports.listen, "/2")];
  await holds(sluice, 2);
  const { status, headers } = await get(sluice.ports.listen, "/3");
  expect([status, headers["sluice-error"]]).toEqual([503, "HOLD_FULL"]);
  expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  await one.app("a");
  for (const { answer } of clients) expect((await answer).status).toBe(200);
});

test.concurrent("--max-in-flight: what is too much for the app at a time waits its turn, and overload is told apart", async ({
  one,
}) => {
  const sluice = await one.sluice(["--max-in-flight", "1", "--hold-max", "1", "--hold-timeout", "300ms"]);
  const app = await one.app("a");
  const served = send(sluice.ports.listen, "/wait");
  await app.waiting(1);
  const late = send(sluice.ports.listen, "/late");
  await holds(sluice, 1);
  expect((await get(sluice.ports.listen, "/surplus")).headers["sluice-error"]).toBe("HOLD_FULL");
  const { status, headers } = await late.answer;
  expect([status, headers["sluice-error"]]).toEqual([503, "SLOT_BUSY"]);
  expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  const next = send(sluice.ports.listen, "/next");
  await holds(sluice, 1);
  app.release();
  expect([(await served.answer).status, (await next.answer).status]).toEqual([200, 200]);
  expect(app.requests).toEqual(["GET /wait", "GET /next"]);
  const { body } = await sluice.ops("/metrics");
  expect(body).toContain('sluice_refused_total{code="SLOT_BUSY"} 1\n');
});

test.concurrent("held for too long: 503 with Retry-After, and the connection lives", async ({ one }) => {
  const sluice = await one.sluice(["--hold-timeout", "300ms"]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  one.later(() => agent.destroy());
  for (let time = 1; time <= 2; time++) {
    const { status, headers } = await get(sluice.ports.listen, "/", { agent });
    expect(headers.connection).not.toBe("close");
    expect([status, headers["sluice-error"]]).toEqual([503, "HOLD_TIMEOUT"]);
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  }
  expect(((await sluice.control("GET", "/v1/status")).body as { connections: number }).connections).toBe(1);
});

test.concurrent("a held client that leaves gives its place up, and the app never hears of it", async ({
  one,
}) => {
  const sluice = await one.sluice(["--hold-max", "1"]);
  const leaver = send(sluice.ports.listen, "/gone", { method: "POST", body: "x" });
  await holds(sluice, 1);
  leaver.leave();
  await holds(sluice, 0);
  const next = send(sluice.ports.listen, "/next");
  await holds(sluice, 1);
  const app = await one.app("a");
  expect((await next.answer).status).toBe(200);
  expect(app.requests).toEqual(["GET /next"]);
  const { account } = (await sluice.control("GET", "/v1/status")).body as { account: { ended: object } };
  expect(account.ended).toMatchObject({ answered: 1, client_aborted: 1 });
});
