// `sluice dashboard` and `sluice timeline WORKLOAD` as processes: real sluices behind an API server's port-forwards.

import { join } from "node:path";
import { expect } from "vitest";
import { openApiServer } from "./harness/api-server.ts";
import { test } from "./harness/scene.ts";
import { ROOT, startNode } from "./sluice.fixture.ts";

const BIN = join(ROOT, "bin/sluice.js");

test("the page of each Pod, over a port-forward of its own: it shows, streams and orders", async ({
  two,
}) => {
  const sluice = await two.sluice();
  await two.app("a");
  await sluice.event("switch");
  await two.app("b", { version: "v2" });
  await sluice.event("switch", ({ slot }) => slot === "b");
  const cluster = await openApiServer(two.folder, [
    { name: "web-h1-x", control: two.ports.control },
    { name: "web-h1-y", control: two.ports.control },
  ]);
  two.later(cluster.close);
  const dashboard = startNode([BIN, "dashboard", "deployment/web"], { KUBECONFIG: cluster.kubeconfig });
  two.later(() => dashboard.child.kill("SIGKILL"));
  const [, first = "", second = ""] = await dashboard.printed(
    /^pod\/web-h1-x {2}(http:\S+)#pod\/web-h1-x\npod\/web-h1-y {2}(http:\S+)#pod\/web-h1-y\n/m,
  );
  expect(await (await fetch(first)).text()).toContain("<!doctype html>");
  const { origin } = new URL(second);
  const order = await fetch(`${second}v1/slots/a/promote`, { method: "POST", headers: { origin } });
  expect([order.status, await order.json()]).toEqual([200, { outcome: "promoted" }]);
  const foreign = await fetch(`${second}v1/slots/b/promote`, {
    method: "POST",
    headers: { origin: "http://evil.example" },
  });
  expect(foreign.status).toBe(403);
  // A page that looks on, and leaves.
  const page = new AbortController();
  const stream = await fetch(`${first}v1/live`, { signal: page.signal });
  const { value } = await stream.body!.getReader().read();
  expect(Buffer.from(value!).toString()).toContain("retry: 1000");
  page.abort();
  dashboard.child.kill("SIGINT");
  expect(await dashboard.finished).toMatchObject({ exitCode: 0, err: "" });
  // The process has closed it; the API server hears of that a moment later.
  await expect.poll(() => cluster.forwards).toBe(0);
});

test("without a cluster: the address of the sidecar here, or why a browser cannot reach it", async ({
  one,
}) => {
  await one.sluice();
  const say = (...argv: string[]) => startNode([BIN, "dashboard", ...argv]).finished;
  const address = `127.0.0.1:${one.ports.control}`;
  expect(await say("--control", address)).toMatchObject({ exitCode: 0, out: `http://${address}/\n` });
  const socket = await say("--control", join(one.folder, "control.sock"));
  expect([socket.exitCode, socket.err]).toEqual([64, expect.stringContaining("a browser needs HOST:PORT")]);
  expect((await say("--control", "127.0.0.1:1")).exitCode).toBe(69);
  expect((await say("--port", "9")).exitCode).toBe(64);
});

test("a Pod whose sluice is away: the page's connection ends, and the dashboard says why", async ({
  one,
}) => {
  const cluster = await openApiServer(one.folder, [{ name: "web-h1-x", control: one.ports.control }]);
  one.later(cluster.close);
  const dashboard = startNode([BIN, "dashboard", "pod/web-h1-x"], { KUBECONFIG: cluster.kubeconfig });
  one.later(() => dashboard.child.kill("SIGKILL"));
  const [, url = ""] = await dashboard.printed(/(http:\S+)#/);
  await expect(fetch(url)).rejects.toThrow();
  const sluice = await one.sluice();
  expect((await fetch(url)).status).toBe(200);
  sluice.signal("SIGTERM");
  await sluice.ended;
  await expect(fetch(url)).rejects.toThrow();
});

test("the timelines of all Pods of a workload, with what the kubelet did, and with what cannot be asked", async ({
  two,
}) => {
  const sluice = await two.sluice();
  await two.app("a");
  const begun = await sluice.event("switch");
  const hook = await sluice.hook("slots/b");
  await hook.answer;
  await two.app("b", { version: "v2" });
  const switched = await sluice.event("switch", ({ slot }) => slot === "b");
  await sluice.event("drain_ended");
  const wall = Date.now() - (switched.monotonicMs - begun.monotonicMs);
  const kubelet = (reason: string, at: number, message: string) => ({
    metadata: { name: reason },
    reason,
    message,
    lastTimestamp: new Date(at).toISOString(),
    involvedObject: { fieldPath: "spec.containers{app-b}" },
  });
  const events = [
    kubelet("Pulling", wall + 100, "Pulling image web:v2"),
    kubelet("Pulled", wall + 900, "Successfully pulled image web:v2 in 800ms"),
  ];
  const cluster = await openApiServer(two.folder, [
    { name: "web-h1-x", control: two.ports.control, events },
    { name: "web-h1-y", control: 1 },
  ]);
  two.later(cluster.close);
  const env = { KUBECONFIG: cluster.kubeconfig };
  const { exitCode, out, err } = await startNode([BIN, "timeline", "deployment/web"], env).finished;
  expect(err).toBe("");
  expect(exitCode).toBe(1);
  expect(out).toMatch(/^pod\/web-h1-x\nv2 in slot b took over from v1 in slot a/);
  expect(out).toMatch(/^ {2}pull +.* +800 ms {2}Successfully pulled image web:v2 in 800ms$/m);
  expect(out).toMatch(/^pod\/web-h1-y\nits sluice cannot be asked: /m);
  const file = join(two.folder, "web.html");
  const written = await startNode([BIN, "timeline", "pod/web-h1-x", "--output", "html", file], env).finished;
  expect(written).toMatchObject({ exitCode: 0, err: `${file} is written.\n` });
});
