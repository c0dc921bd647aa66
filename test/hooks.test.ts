// The hooks as kubelets and strangers call them: guarded, idempotent, joinable, and never left unanswered.

import { describe, expect } from "vitest";
import { get } from "./harness/client.ts";
import { test } from "./harness/scene.ts";

const STRANGER = ["--node-ip", "192.0.2.1"];

describe.concurrent("a stranger", () => {
  test("gets 403 from every hook, and nothing stops", async ({ one }) => {
    const sluice = await one.sluice(STRANGER);
    await one.app("a");
    await sluice.event("switch");
    for (const path of ["/prestop/pod", "/prestop/slots/a"]) {
      expect(await sluice.ops(path)).toMatchObject({ status: 403, body: { error: "FORBIDDEN" } });
    }
    expect(sluice.events("hook_asked")).toEqual([]);
    expect((await get(sluice.ports.listen, "/")).status).toBe(200);
  });

  test("is found out at the first start, if it is the kubelet: its readiness probe gets 503 and the reason", async ({
    one,
  }) => {
    const sluice = await one.sluice(STRANGER);
    await one.app("a");
    await sluice.event("switch");
    expect((await sluice.ops("/readyz")).status).toBe(200);
    const asKubelet = await sluice.ops("/readyz", { "user-agent": "kube-probe/1.34" });
    expect(asKubelet.status).toBe(503);
    expect((asKubelet.body as { reason: string }).reason).toMatch(
      /127\.0\.0\.1.*--(node-ip|hook-from|hook-token)/s,
    );
  });

  test("with the token is none", async ({ one }) => {
    const sluice = await one.sluice([...STRANGER, "--hook-token", "secret"]);
    expect((await sluice.ops("/prestop/slots/a")).status).toBe(403);
    expect(await sluice.ops("/prestop/slots/a", { "sluice-token": "secret" })).toMatchObject({ status: 200 });
    expect((await sluice.ops("/readyz", { "user-agent": "kube-probe/1.34" })).body).toMatchObject({
      reason: "slot a: no app has shaken hands",
    });
  });
});

describe.concurrent("delivered at least once", () => {
  test("twice at the same time: one order, both are answered", async ({ one }) => {
    const sluice = await one.sluice();
    const app = await one.app("a");
    const first = await sluice.hook("slots/a");
    const second = sluice.ops("/prestop/slots/a");
    expect(await first.answer).toEqual(await second);
    expect(app.lines.filter((line) => line === "draining")).toHaveLength(1);
    expect(sluice.events("drain_began")).toHaveLength(1);
    expect(await sluice.ops("/prestop/slots/a")).toEqual({
      status: 200,
      body: { outcome: "already drained" },
    });
  });

  test("by a caller that leaves: the drain goes on, and who asks again gets the answer", async ({ one }) => {
    const sluice = await one.sluice();
    const app = await one.app("a");
    const leaver = await sluice.hook("slots/a");
    leaver.leave();
    await expect(leaver.answer).rejects.toThrow();
    await app.told("draining");
    await sluice.event("hook_answered");
    expect((await sluice.ops("/prestop/slots/a")).status).toBe(200);
  });

  test("of the Pod, twice, and once more when it is drained", async ({ one }) => {
    const sluice = await one.sluice();
    await one.app("a");
    const hooks = [await sluice.hook("pod"), await sluice.hook("slots/a")];
    const again = sluice.ops("/prestop/pod");
    for (const { answer } of hooks)
      expect(await answer).toMatchObject({ status: 200, body: { outcome: "drained" } });
    expect((await again).status).toBe(200);
    expect(await sluice.ops("/prestop/pod")).toMatchObject({
      status: 200,
      body: { outcome: "already drained" },
    });
    expect(await sluice.ops("/prestop/slots/a")).toMatchObject({ status: 200 });
    expect(sluice.events("pod_leaving")).toHaveLength(1);
  });
});

describe.concurrent("of a slot in which nobody is", () => {
  test("is answered after the window: there is nothing to drain", async ({ one }) => {
    const sluice = await one.sluice();
    expect(await sluice.ops("/prestop/slots/a")).toEqual({
      status: 200,
      body: { outcome: "nothing to drain" },
    });
  });

  test("whose app dies while the hook waits: it is answered, and the Pod is ready for the replacement", async ({
    one,
  }) => {
    const sluice = await one.sluice(["--slot-drain", "4s"]);
    const app = await one.app("a");
    get(sluice.ports.listen, "/wait").catch(() => {});
    await app.waiting(1);
    const hook = await sluice.hook("slots/a");
    await sluice.event("drain_began");
    app.die();
    expect((await hook.answer).status).toBe(200);
    await one.app("a", { version: "v2" });
    await sluice.event("switch", ({ version }) => version === "v2");
    expect((await get(sluice.ports.listen, "/")).body).toBe("v2 GET /");
  });

  test("that there is not: 404, at once", async ({ one }) => {
    const sluice = await one.sluice();
    expect(await sluice.ops("/prestop/slots/z")).toMatchObject({
      status: 404,
      body: { error: "UNKNOWN_SLOT" },
    });
  });
});
