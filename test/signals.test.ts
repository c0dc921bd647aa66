// SIGTERM and SIGINT in every state of a sluice: it always ends in order, says so by its exit code, and is never left
// hanging with somebody unanswered.

import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import { get, type Pending, send } from "./harness/client.ts";
import { type Scene, test } from "./harness/scene.ts";
import type { Hook, Reply, Sidecar } from "./harness/sidecar.ts";

interface State {
  readonly name: string;
  readonly flags?: readonly string[];
  /** Brings sluice into the state; resolves with those who must be answered before it exits. */
  bring(
    scene: Scene,
    sluice: Sidecar,
  ): Promise<{
    readonly clients?: Pending[];
    readonly hooks?: Hook[];
    readonly orders?: Promise<Reply>[];
  }>;
  /** What the clients are told. */
  readonly statuses?: readonly number[];
}

const STATES: readonly State[] = [
  { name: "before any app", bring: async () => ({}) },
  {
    name: "while the app is starting",
    flags: ["--gates", "warm"],
    async bring(scene, sluice) {
      await scene.app("a");
      await sluice.event("handshake");
      return {};
    },
  },
  {
    name: "while it serves",
    async bring(scene, sluice) {
      await scene.app("a");
      await get(sluice.ports.listen, "/");
      return {};
    },
  },
  {
    name: "while requests are held",
    async bring(scene, sluice) {
      const app = await scene.app("a");
      await get(sluice.ports.listen, "/");
      app.die();
      await sluice.event("hold_began");
      const client = send(sluice.ports.listen, "/held");
      await held(sluice, 1);
      return { clients: [client] };
    },
    statuses: [503],
  },
  {
    name: "while a slot drains by its hook",
    async bring(scene, sluice) {
      const app = await scene.app("a");
      const client = send(sluice.ports.listen, "/wait");
      await app.waiting(1);
      const hook = await sluice.hook("slots/a");
      await sluice.event("drain_began");
      setTimeout(() => app.release(), 200);
      return { clients: [client], hooks: [hook] };
    },
    statuses: [200],
  },
  {
    name: "while a slot drains by an order",
    async bring(scene, sluice) {
      const app = await scene.app("a");
      const client = send(sluice.ports.listen, "/wait");
      await app.waiting(1);
      const order = sluice.control("POST", "/v1/slots/a/drain");
      order.catch(() => {});
      await sluice.event("drain_began");
      setTimeout(() => app.release(), 200);
      return { clients: [client], orders: [order] };
    },
    statuses: [200],
  },
  {
    name: "while an order waits with the hook that drains the slot",
    async bring(scene, sluice) {
      const app = await scene.app("a");
      const client = send(sluice.ports.listen, "/wait");
      await app.waiting(1);
      const hook = await sluice.hook("slots/a");
      await sluice.event("drain_began");
      const order = sluice.control("POST", "/v1/slots/a/drain");
      order.catch(() => {});
      await sluice.control("GET", "/v1/status");
      setTimeout(() => app.release(), 200);
      return { clients: [client], hooks: [hook], orders: [order] };
    },
    statuses: [200],
  },
  {
    name: "when sluice alone is being replaced",
    async bring(scene, sluice) {
      const app = await scene.app("a");
      const client = send(sluice.ports.listen, "/wait");
      await app.waiting(1);
      const hook = await sluice.hook("pod");
      await sluice.event("pod_alone");
      setTimeout(() => app.release(), 200);
      return { clients: [client], hooks: [hook] };
    },
    statuses: [200],
  },
  {
    name: "in lame duck by the hooks",
    async bring(scene, sluice) {
      const app = await scene.app("a");
      const client = send(sluice.ports.listen, "/wait");
      await app.waiting(1);
      const hooks = [await sluice.hook("slots/a"), await sluice.hook("pod")];
      setTimeout(() => app.release(), 200);
      return { clients: [client], hooks };
    },
    statuses: [200],
  },
  {
    name: "when it has drained",
    async bring(scene, sluice) {
      await scene.app("a");
      const hooks = [await sluice.hook("slots/a"), await sluice.hook("pod")];
      await Promise.all(hooks.map(({ answer }) => answer));
      return { hooks };
    },
  },
];

/** Resolves once so many requests are held; there is no event for it. */
async function held(sluice: Sidecar, count: number): Promise<void> {
  for (;;) {
    const { body } = await sluice.control("GET", "/v1/status");
    if ((body as { held: number }).held === count) return;
    await pause(5);
  }
}

describe.concurrent.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test.for(STATES.map((state) => [state.name, state] as const))(
    "%s: in order, exit code 0",
    async ([, state], { one }) => {
      const sluice = await one.sluice(state.flags);
      const { clients = [], hooks = [], orders = [] } = await state.bring(one, sluice);
      sluice.signal(signal);
      const answers = await Promise.all(clients.map(({ answer }) => answer));
      expect(answers.map(({ status }) => status)).toEqual(state.statuses ?? []);
      expect(await Promise.all(hooks.map(async ({ answer }) => (await answer).status))).toEqual(
        hooks.map(() => 200),
      );
      for (const order of orders) expect((await order).status).toBe(200);
      expect(await sluice.ended).toBe(0);
      expect(sluice.events("exit")).toMatchObject([{ details: { code: 0 } }]);
    },
  );
});

describe.concurrent("twice", () => {
  test("a second SIGTERM changes nothing: what is in flight is finished", async ({ one }) => {
    const sluice = await one.sluice();
    const app = await one.app("a");
    const client = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    sluice.signal("SIGTERM");
    await sluice.event("pod_leaving");
    sluice.signal("SIGTERM");
    await sluice.event("signal", ({ id }) => id > (sluice.events("pod_leaving")[0]?.id ?? 0));
    // Longer than the last moment that a signal after a hook would leave.
    await pause(1_300);
    expect(client.isAnswered).toBe(false);
    app.release();
    expect((await client.answer).status).toBe(200);
    expect(await sluice.ended).toBe(0);
  });

  test("a second SIGINT cuts: exit code 70", async ({ one }) => {
    const sluice = await one.sluice(["--grace", "30s"]);
    const app = await one.app("a");
    const client = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    sluice.signal("SIGINT");
    await sluice.event("pod_leaving");
    sluice.signal("SIGINT");
    expect(await client.answer).toMatchObject({
      status: 503,
      headers: { "sluice-error": "CUT_AT_DEADLINE" },
    });
    expect(await sluice.ended).toBe(70);
    expect(sluice.events("exit")).toMatchObject([{ details: { code: 70, deadline: 1 } }]);
  });

  test("SIGTERM twice in one moment, as from a process group and from its leader", async ({ one }) => {
    const sluice = await one.sluice();
    await one.app("a");
    sluice.signal("SIGTERM");
    sluice.signal("SIGTERM");
    expect(await sluice.ended).toBe(0);
    expect(sluice.events("pod_leaving")).toHaveLength(1);
  });
});

describe.concurrent("the deadline", () => {
  test("a request that outlives the grace is cut at its reserve: exit code 70", async ({ one }) => {
    const flags = [
      "--grace",
      "1500ms",
      "--exit-reserve",
      "500ms",
      "--slot-drain",
      "500ms",
      "--hold-timeout",
      "1s",
    ];
    const sluice = await one.sluice(flags);
    const app = await one.app("a");
    const client = send(sluice.ports.listen, "/wait");
    await app.waiting(1);
    sluice.signal("SIGTERM");
    expect((await client.answer).status).toBe(503);
    expect(await sluice.ended).toBe(70);
    const leaving = await sluice.event("pod_leaving");
    const deadline = await sluice.event("pod_deadline");
    expect(leaving.details.deadlineMs).toBe(1_000);
    // An entry's time is that of its writing, a moment after what it tells.
    expect(deadline.monotonicMs - leaving.monotonicMs).toBeGreaterThan(800);
  });

  test("an answer that has begun is cut, not patched: the client sees that it is not whole", async ({
    one,
  }) => {
    const flags = [
      "--grace",
      "1500ms",
      "--exit-reserve",
      "500ms",
      "--slot-drain",
      "500ms",
      "--hold-timeout",
      "1s",
    ];
    const sluice = await one.sluice(flags);
    const begun = Promise.withResolvers<void>();
    await one.app("a", {
      handler(_request, response) {
        response.write("the beginning");
        begun.resolve();
      },
    });
    const client = send(sluice.ports.listen, "/endless");
    await begun.promise;
    sluice.signal("SIGTERM");
    await expect(client.answer).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect(await sluice.ended).toBe(70);
  });

  test("SIGINT does not wait for endpoints: no minimum delay", async ({ one }) => {
    const sluice = await one.sluice(["--grace", "60s", "--drain-delay", "40s", "--slot-drain", "1s"]);
    await one.app("a");
    sluice.signal("SIGINT");
    expect(await sluice.ended).toBe(0);
  });
});
