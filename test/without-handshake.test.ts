// --handshake off: nothing is asked of the app. Its probe alone says whether it can serve, and a refused connection that it
// has gone.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { expect } from "vitest";
import { get, send } from "./harness/client.ts";
import { type Scene, test } from "./harness/scene.ts";

/** An app that knows nothing of sluice; resolves once it listens. */
async function startPlainApp(scene: Scene, version: string): Promise<{ die(): Promise<void> }> {
  const server: Server = createServer((request, response) => response.end(`${version} ${request.url}`));
  server.listen(scene.ports.slots.a, "127.0.0.1");
  await once(server, "listening");
  async function die(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }
  scene.later(die);
  return { die };
}

/** Nothing but the probes that something calls for: those of the clock are too far apart. */
const FLAGS = ["--handshake", "off", "--probe-interval", "60s"];

test.concurrent("an app that answers its probe is served, and one that crashed is waited for", async ({
  one,
}) => {
  const sluice = await one.sluice(FLAGS);
  const first = send(sluice.ports.listen, "/early");
  const app = await startPlainApp(one, "v1");
  expect(await first.answer).toMatchObject({ status: 200, body: "v1 /early" });
  expect((await sluice.ops("/readyz")).status).toBe(200);
  await app.die();
  const held = send(sluice.ports.listen, "/held");
  await sluice.event("generation_gone");
  expect((await sluice.ops("/readyz")).status).toBe(503);
  await startPlainApp(one, "v2");
  expect(await held.answer).toMatchObject({ status: 200, body: "v2 /held" });
});

test.concurrent("an app that is replaced after its hook was seen neither to go nor to come, and got nothing until the hook expired", async ({
  one,
}) => {
  const sluice = await one.sluice(FLAGS);
  const app = await startPlainApp(one, "v1");
  await sluice.event("switch");
  expect(await sluice.ops("/prestop/slots/a")).toEqual({ status: 200, body: { outcome: "drained" } });
  await app.die();
  await sluice.event("generation_gone");
  const held = send(sluice.ports.listen, "/held");
  expect((await sluice.ops("/readyz")).body).toMatchObject({
    reason: "slot a is being replaced; requests are held meanwhile",
  });
  await startPlainApp(one, "v2");
  expect(await held.answer).toMatchObject({ status: 200, body: "v2 /held" });
  expect(sluice.events("hook_expired")).toEqual([]);
});

test.concurrent("a Pod's stop drains it", async ({ one }) => {
  const sluice = await one.sluice(FLAGS);
  await startPlainApp(one, "v1");
  await sluice.event("switch");
  const hooks = [await sluice.hook("slots/a"), await sluice.hook("pod")];
  expect(await get(sluice.ports.listen, "/lame")).toMatchObject({ status: 200, body: "v1 /lame" });
  for (const { answer } of hooks) expect((await answer).body).toEqual({ outcome: "drained" });
  sluice.signal("SIGTERM");
  expect(await sluice.ended).toBe(0);
});
