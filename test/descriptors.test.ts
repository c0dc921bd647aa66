// Out of file descriptors: sluice goes on with the connections that it has, says what is wrong, and recovers by itself.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "vitest";
import { get } from "./harness/client.ts";
import { test } from "./harness/scene.ts";

const LIMIT = 64;

test("out of file descriptors: connections that stand are served, and new ones again when there is room", async ({
  one,
}) => {
  expect(spawnSync("prlimit", ["--version"]).status, "prlimit (util-linux) is needed").toBe(0);
  const sluice = await one.sluice(["--probe-interval", "50ms"], ["prlimit", `--nofile=${LIMIT}:${LIMIT}`]);
  await one.app("a");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  one.later(() => agent.destroy());
  expect((await get(sluice.ports.listen, "/before", { agent })).status).toBe(200);
  expect((await get(sluice.ports.ops, "/metrics", { agent })).status).toBe(200);

  const crowd: Socket[] = [];
  one.later(() => {
    for (const socket of crowd) socket.destroy();
  });
  // More than there are descriptors for; those beyond wait in the kernel's queue, or are closed.
  for (let index = 0; index < 2 * LIMIT; index++) {
    const socket = connect(sluice.ports.listen, "127.0.0.1");
    socket.on("error", () => {});
    crowd.push(socket);
    await once(socket, "connect");
  }
  const used = () => readdirSync(`/proc/${sluice.child.pid}/fd`).length;
  while (used() < LIMIT) await new Promise((resolve) => setTimeout(resolve, 10));

  // The client's connection and the one to the app stand.
  for (const path of ["/1", "/2", "/3"]) {
    expect(await get(sluice.ports.listen, path, { agent })).toMatchObject({
      status: 200,
      body: `v1 GET ${path}`,
    });
  }
  expect((await get(sluice.ports.ops, "/metrics", { agent })).status).toBe(200);
  const said = await sluice.child.line(({ event }) => event === "trouble", 10_000);
  expect(JSON.stringify(said.value)).toContain("EMFILE");

  for (const socket of crowd) socket.destroy();
  while (used() > LIMIT / 2) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await get(sluice.ports.listen, "/after")).status).toBe(200);
  expect((await sluice.ops("/readyz")).status).toBe(200);
  expect(sluice.events("not_ready")).toEqual([]);
  sluice.signal("SIGTERM");
  expect(await sluice.ended).toBe(0);
});
