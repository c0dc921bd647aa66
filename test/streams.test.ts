// WebSockets and event streams: alive across a switch, and ended in order, never cut, when their time has come.

import { expect } from "vitest";
import type { StreamClient } from "../loadtest/websocket-client.ts";
import { beginSluice, eventOf, test } from "./harness/load-stage.ts";

/** Resolves once so many more messages have come. */
async function messages(stream: StreamClient, count: number): Promise<void> {
  const goal = stream.messages + count;
  while (stream.messages < goal) {
    if (stream.messages > 0 && !stream.isOpen) throw new Error("the stream has ended");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test.concurrent("a WebSocket and an event stream live on across a switch, and end with 1012 and a clean end at their slot's drain deadline", async ({
  stage,
}) => {
  const sluice = await beginSluice(stage, ["a", "b"], ["--slot-drain", "1500ms"]);
  await stage.startApp("a", "v1");
  const streams = [stage.openStream("websocket"), stage.openStream("event-stream")];
  for (const stream of streams) await messages(stream, 3);
  await stage.startApp("b", "v2");
  await eventOf(stage, "switch", ({ version }) => version === "v2");
  for (const stream of streams) await messages(stream, 10);
  const answer = await sluice.ops("/prestop/slots/a");
  expect(JSON.parse(answer.body)).toEqual({ outcome: "deadline" });
  const results = await Promise.all(streams.map(({ ended }) => ended));
  expect(results).toMatchObject([
    { end: "close 1012", clean: true, version: "v1" },
    { end: "end of stream", clean: true, version: "v1" },
  ]);
  const { disagreements } = await stage.settle();
  expect(disagreements).toEqual([]);
});

test.concurrent("a WebSocket and an event stream live to the Pod's deadline, and end with 1001 and a clean end: exit code 0", async ({
  stage,
}) => {
  const sluice = await beginSluice(
    stage,
    ["a"],
    ["--grace", "3s", "--slot-drain", "1s", "--hold-timeout", "2s"],
  );
  await stage.startApp("a", "v1");
  const streams = [stage.openStream("websocket"), stage.openStream("event-stream")];
  for (const stream of streams) await messages(stream, 3);
  const hooks = Promise.all([sluice.ops("/prestop/slots/a"), sluice.ops("/prestop/pod")]);
  await eventOf(stage, "lame_duck");
  for (const stream of streams) await messages(stream, 10);
  const results = await Promise.all(streams.map(({ ended }) => ended));
  await hooks;
  expect(results).toMatchObject([
    { end: "close 1001", clean: true },
    { end: "end of stream", clean: true },
  ]);
  await eventOf(stage, "pod_deadline");
  sluice.child.kill("SIGTERM");
  expect(await sluice.child.exited).toMatchObject({ code: 0 });
  const { disagreements } = await stage.settle();
  expect(disagreements).toEqual([]);
});

test.concurrent("streams end with the app that they are on when it dies, counted as failed", async ({
  stage,
}) => {
  await beginSluice(stage, ["a"]);
  const app = await stage.startApp("a", "v1");
  const streams = [stage.openStream("websocket"), stage.openStream("event-stream")];
  for (const stream of streams) await messages(stream, 3);
  stage.kill(app, "SIGKILL");
  const results = await Promise.all(streams.map(({ ended }) => ended));
  expect(results.map(({ clean }) => clean)).toEqual([false, false]);
  const { account } = await stage.sluice.status();
  expect(account.ended.failed).toBe(2);
});
