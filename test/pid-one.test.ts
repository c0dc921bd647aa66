// sluice as PID 1, which it is in its container: the kernel gives PID 1 no default for a signal, and the orphans of others.
// A PID namespace of its own needs no container: `unshare` of util-linux makes one, for root and for others.

import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { get, send } from "./harness/client.ts";
import { type Scene, test } from "./harness/scene.ts";
import type { Sidecar } from "./harness/sidecar.ts";

/** --kill-child: a test that fails leaves nobody behind. */
const AS_PID_ONE = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"];

interface Inside {
  readonly sluice: Sidecar;
  /** PID 1, as it is called out here. */
  readonly pid: number;
}

async function inside(one: Scene, ...before: string[]): Promise<Inside> {
  const sluice = await one.sluice([], [...AS_PID_ONE, ...before]);
  const children = childrenOf(sluice.child.pid);
  const pid = children[0]!;
  expect(
    /^NSpid:\s+(.*)$/m
      .exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      ?.split("\t")
      .at(-1),
  ).toBe("1");
  return { sluice, pid };
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
}

describe.concurrent("PID 1", () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "%s: what is in flight is finished, exit code 0",
    async (signal, { one }) => {
      const { sluice, pid } = await inside(one);
      const app = await one.app("a");
      const client = send(sluice.ports.listen, "/wait");
      await app.waiting(1);
      process.kill(pid, signal);
      await sluice.event("pod_leaving");
      app.release();
      expect((await client.answer).status).toBe(200);
      expect(await sluice.ended).toBe(0);
    },
  );

  test("SIGHUP says what would help, and changes nothing", async ({ one }) => {
    const { sluice, pid } = await inside(one);
    await one.app("a");
    process.kill(pid, "SIGHUP");
    expect((await sluice.event("signal_ignored")).message).toContain("SIGHUP changes nothing");
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
    process.kill(pid, "SIGTERM");
    expect(await sluice.ended).toBe(0);
  });

  test("signals without a meaning do not end it: SIGPIPE, SIGUSR2", async ({ one }) => {
    const { sluice, pid } = await inside(one);
    await one.app("a");
    for (const signal of ["SIGPIPE", "SIGUSR2"] as const) process.kill(pid, signal);
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
    process.kill(pid, "SIGTERM");
    expect(await sluice.ended).toBe(0);
  });

  test("somebody else's orphan dies under it: it goes on serving, and its own end is its own", async ({
    one,
  }) => {
    // The shell's child outlives it, since the shell becomes sluice.
    const { sluice, pid } = await inside(one, "sh", "-c", 'sleep 600 & exec "$@"', "sh");
    await one.app("a");
    const [orphan = 0] = childrenOf(pid);
    process.kill(orphan, "SIGKILL");
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
    expect(stateOf(pid)).toMatch(/[SR]/);
    process.kill(pid, "SIGTERM");
    expect(await sluice.ended).toBe(0);
  });
});
