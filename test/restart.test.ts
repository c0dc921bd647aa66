// sluice itself is restarted: what it needs to know it learns anew from the apps, and a small file keeps the versions.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { beginSluice, eventOf, test } from "./harness/load-stage.ts";

test.concurrent.for(["SIGTERM", "SIGKILL"] as const)(
  "after %s the instance that was active serves again, and no version takes over anew",
  async (signal, { stage }) => {
    const first = await beginSluice(stage, ["a", "b"]);
    await stage.startApp("a", "v1");
    await stage.startApp("b", "v2");
    await eventOf(stage, "switch", ({ version }) => version === "v2");
    // Going back was an order: a restart that forgot it would let v2, or whoever comes first, take over.
    const control = `http://127.0.0.1:${first.ports.control}`;
    expect((await fetch(`${control}/v1/slots/a/promote`, { method: "POST" })).status).toBe(200);
    const before = await first.status();
    first.child.kill(signal);
    await first.child.exited;

    const hint = JSON.parse(readFileSync(join(stage.directory, "hint.json"), "utf8"));
    expect(hint.versions).toEqual(["v1", "v2"]);

    const second = await beginSluice(stage, ["a", "b"]);
    const loaded = await eventOf(stage, "hint_loaded");
    expect(loaded.message).toContain("v1, v2");
    const restored = await eventOf(stage, "switch");
    expect(restored).toMatchObject({ slot: "a", version: "v1", details: { cause: "restored" } });
    await eventOf(stage, "standby", ({ version }) => version === "v2");
    const after = await second.status();
    const instances = ({ slots }: { slots: readonly { name: string }[] }) =>
      slots.map((slot) => (slot as unknown as { instance: string }).instance);
    expect(instances(after)).toEqual(instances(before));
    expect(second.timeline.happenings.filter(({ type }) => type === "switch")).toHaveLength(1);

    // Readiness was proved anew; a version of before is not a new one, a third is.
    const answer = await fetch(`http://127.0.0.1:${second.ports.listen}/healthz`);
    expect([answer.status, await answer.text()]).toEqual([200, "ok"]);
  },
);
