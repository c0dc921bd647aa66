// gRPC through sluice: real clients and real apps, each in a process of its own, across a switch and the stop of a Pod.

import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { expect } from "vitest";
import { GRPC_FLAGS, GrpcClient, type Outcome, startGrpcApp } from "./grpc/stage.ts";
import { type Scene, test } from "./harness/scene.ts";
import type { Sidecar } from "./harness/sidecar.ts";

function client(scene: Scene, target?: string, options?: grpc.ChannelOptions): GrpcClient {
  const opened = new GrpcClient(target ?? `127.0.0.1:${scene.ports.listen}`, options);
  scene.later(() => opened.close());
  return opened;
}

interface Account {
  readonly accepted: number;
  readonly inFlight: number;
  readonly ended: Readonly<Record<string, number>>;
}

async function account(sluice: Sidecar): Promise<Account> {
  return ((await sluice.control("GET", "/v1/status")).body as { account: Account }).account;
}

/** Asks one after the other until told to stop; returns what came of each call. */
function keepAsking(from: GrpcClient): () => Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) outcomes.push(await from.say({ text: "again" }));
  })();
  // Where the test fails before it asks for them.
  asking.catch(() => {});
  return async () => {
    isOver = true;
    await asking;
    return outcomes;
  };
}

test("calls of every kind, metadata, trailers, errors and the health service go through, one ending each", async ({
  one,
}) => {
  const sluice = await one.sluice(GRPC_FLAGS);
  await startGrpcApp(one, sluice, "a", "v1");
  const asking = client(one);
  const metadata = new grpc.Metadata();
  metadata.add("x-client", "one");
  metadata.add("x-client", "two");
  const unary = await asking.say({ text: "hello" }, {}, metadata);
  expect(unary).toMatchObject({ code: status.OK, said: [{ text: "hello", version: "v1" }] });
  expect(unary.metadata.get("x-trailer")).toEqual(["hello"]);
  expect(unary.metadata.get("x-client").join()).toMatch(/one,\s?two/);
  expect(await asking.fail()).toMatchObject({
    code: status.NOT_FOUND,
    details: "there is no such thing: 100 %, é",
  });
  const counted = await asking.count({ text: "n", count: 1000 }).outcome;
  expect(counted.code).toBe(status.OK);
  expect(counted.said.map(({ text }) => text)).toEqual(Array.from({ length: 1000 }, (_, i) => `n ${i}`));
  expect(await asking.sum(["a", "b", "c"])).toMatchObject({ code: status.OK, said: [{ text: "a+b+c" }] });
  const { call, outcome } = asking.talk();
  for (const text of ["ping", "pong", "x".repeat(300_000)]) {
    call.write({ text });
    expect(await once(call, "data")).toEqual([{ text, version: "v1" }]);
  }
  call.end();
  expect((await outcome).code).toBe(status.OK);
  expect(await asking.check()).toEqual(Buffer.from([0x08, 1]));
  const { accepted, ended, inFlight } = await account(sluice);
  expect([accepted, ended.answered, inFlight]).toEqual([6, 6, 0]);
});

test("a client that cancels, or whose deadline passes, stops the app's work", async ({ one }) => {
  const sluice = await one.sluice(GRPC_FLAGS);
  const app = await startGrpcApp(one, sluice, "a", "v1");
  const asking = client(one);
  const begun = asking.begin({ text: "cancelled", ms: 60_000 });
  await app.said("asked", "cancelled");
  begun.call.cancel();
  expect((await begun.outcome).code).toBe(status.CANCELLED);
  await app.said("cancelled", "cancelled");
  const late = await asking.say({ text: "late", ms: 60_000 }, { deadline: Date.now() + 300 });
  expect(late.code).toBe(status.DEADLINE_EXCEEDED);
  await app.said("cancelled", "late");
  expect(app.child.lines.find(({ value }) => value.text === "late")?.value).toMatchObject({ deadline: true });
  const stream = asking.count({ text: "stream", count: 1_000_000, ms: 10 });
  await once(stream.call, "data");
  stream.call.cancel();
  await app.said("cancelled", "stream");
  while ((await account(sluice)).inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { ended } = await account(sluice);
  expect(ended).toMatchObject({ failed: 0, refused: 0, deadline: 0 });
  // The app knows the deadline as well, and may be the first to end the call.
  expect([ended.client_aborted, ended.answered]).toEqual(ended.answered === 0 ? [3, 0] : [2, 1]);
});

test("calls that come before the app wait for it", async ({ one }) => {
  const sluice = await one.sluice(GRPC_FLAGS);
  const asked = client(one).say({ text: "early" });
  await startGrpcApp(one, sluice, "a", "v1");
  expect(await asked).toMatchObject({ code: status.OK, said: [{ text: "early", version: "v1" }] });
});

test("a hold that ends without an app is UNAVAILABLE, with the code and the request's id", async ({
  one,
}) => {
  await one.sluice([...GRPC_FLAGS, "--hold-timeout", "200ms"]);
  const outcome = await client(one).say({ text: "nobody" });
  expect(outcome.code).toBe(status.UNAVAILABLE);
  expect(outcome.details).toMatch(/^HOLD_TIMEOUT: .*\([0-9a-f]{32}\)$/);
});

test("no call is lost while v2 takes over; streams stay on v1 until its time has come", async ({ two }) => {
  const sluice = await two.sluice(GRPC_FLAGS);
  const old = await startGrpcApp(two, sluice, "a", "v1");
  const asking = client(two);
  const talk = asking.talk();
  talk.call.write({ text: "first" });
  await once(talk.call, "data");
  const stops = [keepAsking(client(two)), keepAsking(client(two)), keepAsking(asking)];
  await startGrpcApp(two, sluice, "b", "v2");
  await sluice.event("switch", ({ version }) => version === "v2");
  talk.call.write({ text: "still" });
  expect(await once(talk.call, "data")).toEqual([{ text: "still", version: "v1" }]);
  expect(await asking.say({ text: "new" })).toMatchObject({ said: [{ version: "v2" }] });
  const hook = await sluice.ops("/prestop/slots/a");
  expect(hook.body).toEqual({ outcome: "deadline" });
  expect(await talk.outcome).toMatchObject({
    code: status.UNAVAILABLE,
    details: "the server is shutting down",
  });
  old.child.kill("SIGTERM");
  expect(await old.child.exited).toMatchObject({ code: 0 });
  const outcomes = (await Promise.all(stops.map((stop) => stop()))).flat();
  expect(outcomes.filter(({ code }) => code !== status.OK)).toEqual([]);
  expect(new Set(outcomes.map(({ said }) => said[0]?.version))).toEqual(new Set(["v1", "v2"]));
  const { ended } = await account(sluice);
  expect(ended).toMatchObject({ failed: 0, refused: 0, deadline: 0, client_aborted: 0 });
});

test("no call is lost when one of two Pods stops under clients that know both", { timeout: 60_000 }, async ({
  one,
  two,
}) => {
  const flags = [...GRPC_FLAGS, "--drain-delay", "1s"];
  const leaving = await one.sluice(flags);
  const staying = await two.sluice(flags);
  const app = await startGrpcApp(one, leaving, "a", "leaving");
  await startGrpcApp(two, staying, "a", "staying");
  const target = `ipv4:127.0.0.1:${one.ports.listen},127.0.0.1:${two.ports.listen}`;
  const serviceConfig = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
  const clients = Array.from({ length: 6 }, () =>
    client(one, target, { "grpc.service_config": serviceConfig }),
  );
  const stops = clients.map(keepAsking);
  const watcher = client(one).count({ text: "tick", count: 1_000_000, ms: 20 });
  await once(watcher.call, "data");
  const slow = client(one).say({ text: "slow", ms: 1500 });
  await app.said("asked", "slow");
  const hooks = Promise.all([leaving.ops("/prestop/slots/a"), leaving.ops("/prestop/pod")]);
  expect(await slow).toMatchObject({ code: status.OK, said: [{ version: "leaving" }] });
  expect(await watcher.outcome).toMatchObject({ code: status.UNAVAILABLE });
  await hooks;
  app.child.kill("SIGTERM");
  expect(await app.child.exited).toMatchObject({ code: 0 });
  leaving.signal("SIGTERM");
  expect(await leaving.ended).toBe(0);
  const before = clients.length;
  const after = await Promise.all(clients.map((each) => each.say({ text: "after" })));
  expect(after.filter(({ said }) => said[0]?.version === "staying")).toHaveLength(before);
  const outcomes = (await Promise.all(stops.map((stop) => stop()))).flat();
  expect(outcomes.filter(({ code }) => code !== status.OK)).toEqual([]);
  expect(new Set(outcomes.map(({ said }) => said[0]?.version))).toEqual(new Set(["leaving", "staying"]));
});

test("an app that is killed costs the calls that it had, and none of those that come after", async ({
  one,
}) => {
  const sluice = await one.sluice(GRPC_FLAGS);
  const app = await startGrpcApp(one, sluice, "a", "v1");
  const asking = client(one);
  const lost = asking.say({ text: "lost", ms: 60_000 });
  await app.said("asked", "lost");
  app.child.kill("SIGKILL");
  expect(await lost).toMatchObject({ code: status.UNAVAILABLE });
  const held = asking.say({ text: "held" });
  await startGrpcApp(one, sluice, "a", "v2");
  expect(await held).toMatchObject({ code: status.OK, said: [{ version: "v2" }] });
  expect((await account(sluice)).ended).toMatchObject({ answered: 1, failed: 1 });
});

test("an app of gRPC behind --app-protocol h1 is told apart: UNAVAILABLE, and nothing hangs", async ({
  one,
}) => {
  const sluice = await one.sluice(["--probe", "grpc"]);
  await startGrpcApp(one, sluice, "a", "v1");
  const outcome = await client(one).say({ text: "x" });
  expect(outcome).toMatchObject({ code: status.UNAVAILABLE });
  expect(outcome.details).toMatch(/^APP_MALFORMED/);
});
