// Profiles of a running sluice, and its log's level, by the API and by the command line.

import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { test } from "./harness/scene.ts";
import type { Sidecar } from "./harness/sidecar.ts";
import { ROOT, startNode } from "./sluice.fixture.ts";

const CLI = join(ROOT, "src/cli/main.ts");
const address = (sluice: Sidecar) => `127.0.0.1:${sluice.ports.control}`;
const cli = (sluice: Sidecar, ...argv: string[]) =>
  startNode([CLI, ...argv, "--control", address(sluice)]).finished;

test("a CPU profile holds the functions of sluice and the time that was asked for; a second one waits for its turn", async ({
  one,
}) => {
  const sluice = await one.sluice();
  await one.app("a");
  const file = join(one.folder, "one.cpuprofile");
  const taken = cli(sluice, "profile", "--cpu", "1500ms", "--out", file);
  await sluice.event("profile_asked");
  expect(await sluice.control("POST", "/v1/profiles/cpu", { duration: "1s" })).toMatchObject({
    status: 409,
    body: { error: "PROFILING" },
  });
  expect((await cli(sluice, "profile", "--heap", "--out", `${file}.2`)).err).toContain("one at a time");
  // Requests go on meanwhile, and are what is seen.
  let isOver = false;
  const load = (async () => {
    while (!isOver) await (await fetch(`http://127.0.0.1:${one.ports.listen}/`)).text();
  })();
  expect(await taken).toMatchObject({ exitCode: 0, err: "" });
  isOver = true;
  await load;
  const profile = JSON.parse(readFileSync(file, "utf8"));
  expect(profile.endTime - profile.startTime).toBeGreaterThan(1_000_000);
  expect(profile.samples.length).toBe(profile.timeDeltas.length);
  const urls = profile.nodes.map((node: { callFrame: { url: string } }) => node.callFrame.url).join("\n");
  expect(urls).toContain("/src/proxy/");
  // It can be taken again.
  expect((await sluice.control("POST", "/v1/profiles/cpu", { duration: "10ms" })).status).toBe(200);
});

test("allocations and the heap are there in DevTools' formats, and a reader that leaves frees the next", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const allocations = await sluice.control("POST", "/v1/profiles/allocations", { duration: "50ms" });
  expect(allocations).toMatchObject({
    status: 200,
    body: { head: { callFrame: { functionName: "(root)" } } },
  });

  const heap = join(one.folder, "one.heapsnapshot");
  expect(await cli(sluice, "profile", "--heap", "--out", heap)).toMatchObject({ exitCode: 0, err: "" });
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(heap, "utf8"));
  expect(nodes.length).toBe(snapshot.node_count * snapshot.meta.node_fields.length);
  expect(strings).toContain("createConductor");
  expect((await cli(sluice, "profile", "--heap", "--out", heap)).err).toContain("exists already");

  await new Promise<void>((resolve, reject) => {
    const call = request({
      port: one.ports.control,
      host: "127.0.0.1",
      method: "POST",
      path: "/v1/profiles/heap",
    });
    call.on("response", (answer) => answer.once("data", () => answer.destroy()).once("close", resolve));
    call.on("error", reject);
    call.end();
  });
  for (;;) {
    const { status } = await sluice.control("POST", "/v1/profiles/cpu", { duration: "1ms" });
    if (status === 200) break;
    expect(status).toBe(409);
  }
});

test("what makes no sense is refused with what would", async ({ one }) => {
  const sluice = await one.sluice();
  const refusal = async (path: string, body: object) => {
    const { status, body: said } = await sluice.control("POST", path, body);
    return [status, (said as { message: string }).message];
  };
  for (const body of [{}, { duration: "61s" }, { duration: 10 }, { duration: "0s" }])
    expect(await refusal("/v1/profiles/cpu", body)).toEqual([400, expect.stringContaining("at most 60s")]);
  expect(await refusal("/v1/profiles/secrets", {})).toEqual([404, expect.stringContaining("allocations")]);
  for (const flags of [[], ["--cpu", "1s", "--heap"], ["--cpu", "10"]])
    expect(await cli(sluice, "profile", ...flags)).toMatchObject({ exitCode: 64 });
  const evil = request({
    port: one.ports.control,
    host: "127.0.0.1",
    method: "POST",
    path: "/v1/profiles/heap",
    headers: { origin: "http://evil.example" },
  });
  const status = new Promise((resolve) =>
    evil.on("response", (answer) => resolve(answer.resume().statusCode)),
  );
  evil.end();
  expect(await status).toBe(403);
});

test("the log's level changes while sluice runs, and the change is told", async ({ one }) => {
  const sluice = await one.sluice(["--access-log"]);
  await one.app("a");
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${one.ports.listen}${path}`)).text();
  const logged = () => sluice.child.lines.map(({ value }) => value.target).filter(Boolean);
  expect((await cli(sluice, "log-level", "warn")).out).toBe("log level: warn (it was info)\n");
  await ask("/quiet");
  expect((await cli(sluice, "log-level")).out).toBe("log level: warn\n");
  expect((await cli(sluice, "log-level", "info")).out).toBe("log level: info (it was warn)\n");
  await ask("/loud");
  await sluice.child.line(({ target }) => target === "/loud", 5_000);
  expect(logged()).toEqual(["/loud"]);
  const set = await sluice.event("log_level_set", ({ details }) => details.logLevel === "info");
  expect(set.details.was).toBe("warn");
  expect((await sluice.control("PUT", "/v1/log-level", { level: "silent" })).body).toEqual({
    level: "silent",
    was: "info",
  });
  await ask("/hushed");
  expect(await sluice.control("PUT", "/v1/log-level", { level: "loud" })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("silent") },
  });
  expect((await cli(sluice, "log-level", "loud")).exitCode).toBe(64);
  expect(logged()).toEqual(["/loud"]);
});
