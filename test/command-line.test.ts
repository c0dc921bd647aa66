// Every verb of the command line, as a process, against a real sluice with real apps.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERSION } from "../src/version.ts";
import {
  createCleanUp,
  ROOT,
  type Sluice,
  shakeHands,
  startNode,
  startServer,
  startSluice,
} from "./sluice.fixture.ts";

const BIN = join(ROOT, "bin/sluice.js");
const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

const cli = (argv: readonly string[], env: Record<string, string> = {}) =>
  startNode([BIN, ...argv], env).finished;

describe("two versions in two slots", () => {
  let sluice: Sluice;
  let say: (argv: string) => Promise<{ exitCode: number | null; out: string; err: string }>;
  let reloads: { ok: boolean; reason: string };

  beforeAll(async () => {
    const v1 = await startServer((_, answer) => answer.end("v1"));
    const v2 = await startServer((_, answer) => answer.end("v2"));
    cleanUp.later(v1.close);
    cleanUp.later(v2.close);
    const slots = `a=127.0.0.1:${v1.port},b=127.0.0.1:${v2.port}`;
    const flags = ["--slots", slots, "--switch", "manual", "--gates", "consul", "--probe", "tcp"];
    sluice = await cleanUp.ended(startSluice([BIN, "run", ...flags], cleanUp.folder()));
    say = (argv) => cli(argv.split(" "), { SLUICE_CONTROL: sluice.control });
    await shakeHands(sluice.control, "a", "v1", () => reloads);
    await shakeHands(sluice.control, "b", "v2");
  });

  const active = async () => {
    const { out } = await say("status --output json");
    return JSON.parse(out).active;
  };
  const get = async () => (await fetch(`http://127.0.0.1:${sluice.listen}/`)).text();

  test("gate, promote, events, reload, drain: what each does is seen by the next", async () => {
    expect(await say("promote a")).toMatchObject({ exitCode: 1, out: "" });
    expect((await say("promote a")).err).toContain("(NOT_READY)\n`sluice status --watch`");

    expect(await say("gate a consul open --reason registered")).toEqual(
      expect.objectContaining({ exitCode: 0, out: "slot a: gate consul is open\n", err: "" }),
    );
    expect((await say("gate b kafka open")).err).toContain("(UNKNOWN_GATE)");
    await say("gate b consul open");
    // Slot a may have become active as soon as it was ready; the order is idempotent.
    expect(await say("promote a")).toMatchObject({ exitCode: 0, err: "" });
    expect([await active(), await get()]).toEqual(["a", "v1"]);
    expect(await say("promote b")).toMatchObject({ exitCode: 0, err: "" });
    expect([await active(), await get()]).toEqual(["b", "v2"]);
    expect((await say("promote c")).err).toContain("(UNKNOWN_SLOT)\n`sluice status` lists the slots.");

    reloads = { ok: true, reason: "12 routes" };
    expect(await say("reload a")).toMatchObject({ exitCode: 0, out: "slot a: reloaded: 12 routes\n" });
    reloads = { ok: false, reason: "line 3 is wrong" };
    expect(await say("reload a")).toMatchObject({ exitCode: 1 });
    expect((await say("reload a")).err).toContain("line 3 is wrong (COMMAND_FAILED)");

    const drained = await say("drain b");
    expect(drained).toMatchObject({ exitCode: 0, err: "" });
    expect(drained.out).toMatch(/^slot b: .*, 0 requests in flight\n$/);
    expect([await active(), await get()]).toEqual(["a", "v1"]);

    const past = await say("events --no-follow --output json");
    expect(past.exitCode).toBe(0);
    const events: { id: number; type: string }[] = past.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ id: 1, type: "started" });
    expect(events.map(({ type }) => type)).toContain("switch");
    const since = await say(`events --no-follow --since ${events.at(-2)?.id}`);
    expect(since.out.split("\n").filter((line) => line !== "")).toHaveLength(1);
  });

  test("status is a table with both slots and the account", async () => {
    const { exitCode, out } = await say("status");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^SLOT +ADDRESS +STATE +VERSION/m);
    expect(out).toMatch(/^a +127\.0\.0\.1:\d+ .* v1 /m);
    expect(out).toMatch(/^b +127\.0\.0\.1:\d+ .* v2 /m);
    expect(out).toMatch(/^Requests: \d+ accepted = \d+ answered \+ /m);
    expect(out).not.toContain("\u001b");
  });

  test("status --watch goes on", async () => {
    const watching = await cleanUp.ended(
      startNode([BIN, "status", "--watch", "--output", "json", "--control", sluice.control]),
    );
    await watching.printed(/\n\{.*\n/);
  });

  test("events follows what happens", async () => {
    const following = await cleanUp.ended(startNode([BIN, "events", "--control", sluice.control]));
    await following.printed(/started/);
    await say("gate a consul close --reason later");
    await following.printed(/later/);
    await say("gate a consul open");
  });

  test("kubectl finds it under its plugin's name", async () => {
    const plugin = join(cleanUp.folder(), "kubectl-sluice");
    symlinkSync(BIN, plugin);
    const { out } = await startNode([plugin, "promote", "--help"]).finished;
    expect(out).toMatch(/^Usage: kubectl sluice promote SLOT/);
    const { exitCode } = await startNode([plugin, "status", "--control", sluice.control]).finished;
    expect(exitCode).toBe(0);
  });
});

test("on a terminal, an error that goes to a file has no colour in it", async () => {
  const file = join(cleanUp.folder(), "err");
  const command = `"${process.execPath}" "${BIN}" nonsense 2>"${file}"`;
  const env = { ...process.env, NO_COLOR: "", TERM: "xterm" };
  const onTerminal = ["--quiet", "--return", "--command", command, "/dev/null"];
  await new Promise((resolve) => execFile("script", onTerminal, { env }, resolve));
  expect(readFileSync(file, "utf8")).toMatch(/^sluice: there is no verb nonsense\n/);
});

describe("exit codes of run", () => {
  test("64: all problems of the configuration at once, on stderr", async () => {
    const { exitCode, out, err } = await cli(["run", "--grace", "5", "--nope"], { SLUICE_TYPO: "1" });
    expect([exitCode, out]).toEqual([64, ""]);
    expect(err).toContain("3 problems");
  });

  test("1: a port is taken; it says which, and by which option", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    cleanUp.later(() => other.close());
    const { port } = other.address() as { port: number };
    for (const option of ["--listen", "--ops", "--control"]) {
      const rest = ["--listen", "--ops", "--control"]
        .filter((one) => one !== option)
        .map((one) => `${one}=127.0.0.1:0`);
      const { exitCode, err } = await cli(["run", `${option}=127.0.0.1:${port}`, ...rest]);
      expect([option, exitCode]).toEqual([option, 1]);
      expect(err).toContain(String(port));
    }
  });

  test.each(["SIGTERM", "SIGINT"] as const)("0: %s with nothing in flight", async (signal) => {
    const sluice = await cleanUp.ended(startSluice([BIN, "run"], cleanUp.folder()));
    sluice.child.kill(signal);
    expect(await sluice.finished).toMatchObject({ exitCode: 0, err: "" });
  });

  test("70: a request was cut at the deadline", async () => {
    const asked = Promise.withResolvers<void>();
    const app = await startServer((request) => {
      if (request.url === "/never") asked.resolve();
    });
    cleanUp.later(app.close);
    const times = [
      "--grace=1s",
      "--drain-delay=0s",
      "--slot-drain=0s",
      "--exit-reserve=0s",
      "--hold-timeout=1s",
    ];
    const flags = ["--handshake=off", "--probe=tcp", `--slots=a=127.0.0.1:${app.port}`, ...times];
    const sluice = await cleanUp.ended(startSluice([BIN, "run", ...flags], cleanUp.folder()));
    const cut = fetch(`http://127.0.0.1:${sluice.listen}/never`).catch((error) => error);
    await asked.promise;
    sluice.child.kill("SIGTERM");
    expect((await sluice.finished).exitCode).toBe(70);
    await cut;
  });

  // What no input should be able to cause is caused from inside the process.
  const sabotage = `data:text/javascript,${encodeURIComponent(`
    process.on("SIGUSR2", () => { Promise.reject(new Error("nobody listens")); });
    process.on("SIGHUP", () => { throw new Error("half done"); });
  `)}`;

  test("a promise that is rejected unheard is logged, and sluice goes on", async () => {
    const argv = ["--import", sabotage, join(ROOT, "src/main.ts")];
    const sluice = await cleanUp.ended(startSluice(argv, cleanUp.folder()));
    sluice.child.kill("SIGUSR2");
    await sluice.printed(/nobody listens/);
    expect((await fetch(`http://127.0.0.1:${sluice.ops}/livez`)).status).toBe(200);
    sluice.child.kill("SIGTERM");
    expect((await sluice.finished).exitCode).toBe(0);
  });

  test("1: an exception that nobody caught is logged, and sluice stops in order", async () => {
    const argv = ["--import", sabotage, join(ROOT, "src/main.ts")];
    const sluice = await cleanUp.ended(startSluice(argv, cleanUp.folder()));
    sluice.child.kill("SIGHUP");
    const { exitCode, out } = await sluice.finished;
    expect(exitCode).toBe(1);
    expect(out).toMatch(/half done.*\n(.*\n)*.*sluice exits with/);
  });
});

describe("bin/sluice.js under a node that is too old", () => {
  /** The launcher believes that it runs on Node 20; the node that it starts knows better. */
  const oldNode = `data:text/javascript,${encodeURIComponent(
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });',
  )}`;
  const old = (...argv: string[]) => ["--import", oldNode, BIN, ...argv];

  test("starts the node of the pinned package, and takes over its exit code", async () => {
    const version = await startNode(old("version")).finished;
    expect(version).toMatchObject({ exitCode: 0, err: "" });
    expect(version.out).toContain(`sluice ${VERSION} (node v26.`);
    expect((await startNode(old("nonsense")).finished).exitCode).toBe(64);
  });

  test("hands on SIGTERM, and waits until sluice has drained", async () => {
    const sluice = await cleanUp.ended(startSluice(old("run"), cleanUp.folder()));
    sluice.child.kill("SIGTERM");
    const { exitCode, out } = await sluice.finished;
    expect([exitCode, out.includes("sluice exits with 0")]).toEqual([0, true]);
  });
});
