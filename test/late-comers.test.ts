// Clients that come at the last moment of a lame duck: who has been let in is served, and who waits at the door too.

import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "vitest";
import { get, send } from "./harness/client.ts";
import { test } from "./harness/scene.ts";

test.concurrent("a client that has just connected when the lame duck ends is not closed for having said nothing yet", async ({
  one,
}) => {
  const sluice = await one.sluice(["--drain-delay", "600ms"]);
  const app = await one.app("a");
  // It keeps the Pod from being drained while the newcomer makes up its mind.
  const waiting = send(sluice.ports.listen, "/wait");
  await app.waiting(1);
  const older = connect(sluice.ports.listen, "127.0.0.1");
  one.later(() => older.destroy());
  await once(older, "connect");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const hooks = [await sluice.hook("pod"), await sluice.hook("slots/a")];
  await new Promise((resolve) => setTimeout(resolve, 300));
  const newcomer = connect(sluice.ports.listen, "127.0.0.1");
  one.later(() => newcomer.destroy());
  await once(newcomer, "connect");
  // The lame duck ends: who has idled for long is closed.
  older.resume();
  await once(older, "end");
  newcomer.write("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  const [answer] = await once(newcomer, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n/i);
  app.release();
  expect((await waiting.answer).status).toBe(200);
  for (const hook of hooks) expect(await hook.answer).toMatchObject({ body: { outcome: "drained" } });
});

test.concurrent("clients that wait at the door of a sluice that was kept from the processor are served before the Pod counts as drained", async ({
  one,
}) => {
  const sluice = await one.sluice(["--drain-delay", "300ms"]);
  const app = await one.app("a");
  await get(sluice.ports.listen, "/");
  const hooks = [await sluice.hook("pod"), await sluice.hook("slots/a")];
  // As careless as an app may be: gone as soon as SIGTERM may come.
  hooks[1]?.answer.then(() => app.die());
  await sluice.event("lame_duck");
  sluice.signal("SIGSTOP");
  const clients = Array.from({ length: 20 }, (_, index) => send(sluice.ports.listen, `/${index}`));
  // Longer than the lame duck: its end is due before anyone has been let in.
  await new Promise((resolve) => setTimeout(resolve, 700));
  sluice.signal("SIGCONT");
  const answers = await Promise.all(clients.map(({ answer }) => answer));
  expect(answers.map(({ status }) => status)).toEqual(clients.map(() => 200));
  for (const hook of hooks) expect(await hook.answer).toMatchObject({ body: { outcome: "drained" } });
});

test.concurrent("the Pod's hook waits at the door of a sluice that was kept from the processor: the slot's hook is not answered before it was heard", async ({
  one,
}) => {
  const sluice = await one.sluice(["--drain-delay", "600ms"]);
  const app = await one.app("a");
  await get(sluice.ports.listen, "/");
  const hook = await sluice.hook("slots/a");
  // As careless as an app may be: gone as soon as SIGTERM may come.
  hook.answer.then(() => app.die());
  sluice.signal("SIGSTOP");
  const pod = sluice.ops("/prestop/pod");
  // Longer than a slot's hook waits for the Pod's.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  sluice.signal("SIGCONT");
  await sluice.event("pod_leaving");
  expect(await get(sluice.ports.listen, "/lame")).toMatchObject({ status: 200, body: "v1 GET /lame" });
  expect([(await hook.answer).body, (await pod).body]).toEqual([
    { outcome: "drained" },
    { outcome: "drained" },
  ]);
  const drained = await sluice.event("pod_drained");
  for (const { id } of sluice.events("hook_answered")) expect(id).toBeGreaterThan(drained.id);
});

test.concurrent("the slot's hook waits at the door of a sluice that was kept from the processor: its own container is not taken for the one that is replaced", async ({
  one,
}) => {
  const sluice = await one.sluice(["--drain-delay", "600ms"]);
  await one.app("a");
  await get(sluice.ports.listen, "/");
  const pod = await sluice.hook("pod");
  sluice.signal("SIGSTOP");
  const slot = sluice.ops("/prestop/slots/a");
  // Longer than the Pod's hook waits for a slot's.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  sluice.signal("SIGCONT");
  expect([(await pod.answer).body, (await slot).body]).toEqual([
    { outcome: "drained" },
    { outcome: "drained" },
  ]);
  expect(sluice.events("pod_alone")).toEqual([]);
});
