// sluice itself is restarted: what it needs to know it learns anew from the apps, and a small file keeps the versions.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { get } from "./harness/client.ts";
import { beginSluice, eventOf, test } from "./harness/load-stage.ts";
import { test as scene } from "./harness/scene.ts";

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

    // Held requests may wait so long that the instance is waited for as by default.
    const second = await beginSluice(stage, ["a", "b"], ["--grace", "12s", "--hold-timeout", "12s"]);
    const loaded = await eventOf(stage, "hint_loaded");
    expect(loaded.message).toContain("v1, v2");
    expect(loaded.details).toMatchObject({ file: join(stage.directory, "hint.json") });
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

scene.concurrent(
  "a hint file that is half written is none: whoever is ready serves at once, and it is written anew",
  async ({ one }) => {
    const path = join(one.folder, "hint.json");
    writeFileSync(path, '{"versions":["v1"],"instance":"gone-with-sluice","sl');
    const sluice = await one.sluice();
    await one.app("a", { version: "v2" });
    await sluice.event("switch");
    expect(sluice.events("hint_loaded")).toEqual([]);
    expect(await get(sluice.ports.listen, "/")).toMatchObject({ status: 200, body: "v2 GET /" });
    sluice.signal("SIGTERM");
    expect(await sluice.ended).toBe(0);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ versions: ["v2"], slot: "a" });
  },
);
