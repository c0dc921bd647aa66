// `sluice timeline` as a process, over a real switch and a real stop under load.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Story } from "../src/story/story.ts";
import { type Scene, test } from "./harness/scene.ts";
import { ROOT, startNode } from "./sluice.fixture.ts";

const BIN = join(ROOT, "bin/sluice.js");

const timeline = ({ ports }: Scene, ...argv: string[]) =>
  startNode([BIN, "timeline", ...argv, "--control", `127.0.0.1:${ports.control}`]);

/** As many requests, one after the other, each answered. */
async function ask({ ports }: Scene, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const answer = await fetch(`http://127.0.0.1:${ports.listen}/`);
    expect(answer.status).toBe(200);
    await answer.text();
  }
}

test("a switch: phases, and every request of it told before, during and after", async ({ two }) => {
  const sluice = await two.sluice();
  await two.app("a");
  await sluice.event("switch");
  await ask(two, 20);
  const v1 = await two.app("b", { version: "v2" });
  await sluice.event("switch", ({ slot }) => slot === "b");
  await sluice.event("drain_ended");
  await ask(two, 30);
  expect(v1.requests).toHaveLength(30);

  const text = await timeline(two).finished;
  expect(text).toMatchObject({ exitCode: 0, err: "" });
  expect(text.out).toMatch(
    /^v2 in slot b took over from v1 in slot a: its version was never active in this Pod\n/,
  );
  for (const name of ["handshake", "probe", "switch", "drain a", "commit"])
    expect(text.out).toMatch(new RegExp(`^  ${name} +[ █│▶]+ +`, "m"));
  expect(text.out).not.toContain("\u001b");

  const all = await timeline(two, "--all", "--output", "json").finished;
  const [{ stories }] = JSON.parse(all.out).pods as [{ stories: Story[] }];
  expect(stories.map(({ kind }) => kind)).toEqual(["start", "switch"]);
  const answered = ({ traffic }: Story) =>
    [traffic.before, traffic.during, traffic.after].map((window) =>
      Object.fromEntries((window?.answered ?? []).map(({ version, count }) => [version, count])),
    );
  expect(answered(stories[1]!)).toEqual([{ v1: 20 }, {}, { v2: 30 }]);
  expect(stories[1]!.traffic.after).toMatchObject({ accepted: 30, failed: 0, cut: 0, held: 0, replayed: 0 });
  expect(stories[1]!.traffic.after?.p99Ms).toBeGreaterThanOrEqual(stories[1]!.traffic.after!.p50Ms!);

  for (const [file, beginning] of [
    ["report.html", "<!doctype html>"],
    ["report.svg", "<svg xmlns="],
    ["report.txt", "v2 in slot b took over"],
  ] as const) {
    const path = join(two.folder, file);
    expect(await timeline(two, path).finished).toMatchObject({
      exitCode: 0,
      out: "",
      err: `${path} is written.\n`,
    });
    const written = readFileSync(path, "utf8");
    expect([written.startsWith(beginning), written.includes("\u001b")]).toEqual([true, false]);
  }
});

test("in the only slot: those who had to wait are told, and for how long", async ({ one }) => {
  const sluice = await one.sluice();
  const v1 = await one.app("a");
  await sluice.event("switch");
  await ask(one, 5);
  v1.die();
  await sluice.event("hold_began");
  const waiting = [ask(one, 1), ask(one, 1)];
  await until(async () => (await status(one)).held === 2);
  await one.app("a", { version: "v2" });
  await Promise.all(waiting);
  const { out } = await timeline(one).finished;
  expect(out).toMatch(/^v2 in slot a took over from v1 in slot a/);
  expect(out).toMatch(/^ {2}hold +/m);
  expect(out).toMatch(/^ {2}held \(longest wait\) +0 +2/m);
  expect(out).toMatch(/2 answered, 2 waited, the longest for [1-9][\d.]* m?s\./);
});

test("--follow sees a stop to its end, after which nobody can be asked any more", async ({ one }) => {
  const sluice = await one.sluice();
  const app = await one.app("a");
  await sluice.event("switch");
  const file = join(one.folder, "stop.json");
  const shown = timeline(one, "--follow");
  const written = timeline(one, "--follow", file);
  await Promise.all([shown.printed(/^following the sidecar/m), written.printed(/^following the sidecar/m)]);
  const cut = fetch(`http://127.0.0.1:${one.ports.listen}/wait`).catch(() => {});
  const late = fetch(`http://127.0.0.1:${one.ports.listen}/wait`).catch(() => {});
  await app.waiting(2);
  const hook = await sluice.hook("pod");
  const slot = await sluice.hook("slots/a");
  await ask(one, 10);
  await Promise.all([hook.answer, slot.answer]);
  await Promise.all([cut, late]);
  sluice.signal("SIGTERM");
  expect(await sluice.ended).toBe(70);

  const { exitCode, out } = await shown.finished;
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^The Pod stopped: the Pod's hook was called\n/m);
  expect(out).toMatch(/deadline was [\d.]+ s after its beginning/);
  expect(out).toMatch(/^ {2}lame duck .*\n {2}drain .*\n {2}last call .*\n {2}cut .* 2 cut\n {2}hook a /m);
  expect(out).toMatch(/2 cut at the deadline in the stop; 10 answered/);
  await written.finished;
  const { stories } = JSON.parse(readFileSync(file, "utf8")).pods[0] as { stories: Story[] };
  const stop = stories.find(({ kind }) => kind === "stop");
  expect(stop?.traffic.during).toMatchObject({ accepted: 10, cut: 2 });
  expect(stop?.phases.at(-1)).toMatchObject({ kind: "exit", about: "sluice exits with 70" });
});

test("from the log of a sluice that is gone: the phases, life after life", async ({ one }) => {
  const log: string[] = [];
  for (const version of ["v1", "v2"]) {
    const sluice = await one.sluice();
    const app = await one.app("a", { version });
    await sluice.event("switch");
    const [pod, slot] = [await sluice.hook("pod"), await sluice.hook("slots/a")];
    await Promise.all([pod.answer, slot.answer]);
    app.die();
    sluice.signal("SIGTERM");
    await sluice.ended;
    log.push(
      ...sluice.child.lines.map(({ value }) => `[pod/web-0/sluice] ${JSON.stringify(value)}`),
      "no event",
    );
  }
  const file = join(one.folder, "sluice.log");
  writeFileSync(file, log.join("\n"));
  const last = await startNode([BIN, "timeline", "--log", file]).finished;
  expect(last).toMatchObject({ exitCode: 0, err: "" });
  expect(last.out).toMatch(/^The Pod stopped: the Pod's hook was called\n/);
  expect(last.out).toMatch(
    /^ {2}lame duck +█.*\n(.*\n)* {2}hook a +█.*drained\n(.*\n)* {2}exit .*sluice exits with 0$/m,
  );
  expect(last.out).toContain("No event tells of a lost request");
  const all = await startNode([BIN, "timeline", "--all", "--log", file, "-o", "json"]).finished;
  const lives = JSON.parse(all.out).pods as { stories: Story[] }[];
  expect(lives.map(({ stories }) => stories.map(({ kind }) => kind))).toEqual([
    ["start", "stop"],
    ["start", "stop"],
  ]);
  const none = await startNode([BIN, "timeline", "--log", BIN]).finished;
  expect([none.exitCode, none.err]).toEqual([64, expect.stringContaining("has no event of sluice in it")]);
});

test("what cannot be told is said, with an exit code", async ({ one }) => {
  await one.sluice();
  expect(await timeline(one).finished).toMatchObject({
    exitCode: 0,
    out: "Nothing was switched, and nothing has stopped yet.\n",
  });
  for (const [argv, words] of [
    [["a.html", "b.html"], "one WORKLOAD and one FILE at the most"],
    [["--output", "svg", "a.html"], "--output svg does not go into a.html"],
    [["--output", "pdf"], "--output takes text, json, html, svg, not pdf"],
    [["-n", "shop"], "about a WORKLOAD"],
    [["/nowhere/at/all.html"], "cannot be written"],
  ] as const) {
    const { exitCode, err } = await timeline(one, ...argv).finished;
    expect([exitCode, err]).toEqual([64, expect.stringContaining(words)]);
  }
  const nobody = startNode([BIN, "timeline", "--control", join(one.folder, "none.sock")]);
  expect((await nobody.finished).exitCode).toBe(69);
});

async function status(scene: Scene): Promise<{ held: number }> {
  const answer = await fetch(`http://127.0.0.1:${scene.ports.control}/v1/status`);
  return (await answer.json()) as { held: number };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 10));
}
