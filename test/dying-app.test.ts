// An app that is dying looks alive for a moment: its sockets close one by one. Nobody's request may be the price.

import type { Socket } from "node:net";
import { expect } from "vitest";
import type { App } from "./harness/app.ts";
import { get } from "./harness/client.ts";
import { type Scene, test } from "./harness/scene.ts";

/** How long its lifeline outlives its connections, ms: less than a replay waits for such news. */
const AGONY_MS = 1;

/** An app that waits for so many requests, resets their connections, and is gone a moment later. */
async function startDyingApp(scene: Scene, requests: number): Promise<App> {
  const sockets: Socket[] = [];
  const app: App = await scene.app("a", {
    handler({ socket }) {
      if (sockets.push(socket) < requests) return;
      for (const each of sockets) each.resetAndDestroy();
      if (sockets.length === requests) setTimeout(() => app.die(), AGONY_MS);
    },
  });
  return app;
}

test.concurrent("a GET whose connection is reset by a dying app is not sent to it again, but waits for the next", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const dying = await startDyingApp(one, 1);
  const answer = get(sluice.ports.listen, "/mine");
  await sluice.event("lifeline_lost");
  await one.app("a", { version: "v2" });
  expect(await answer).toMatchObject({ status: 200, body: "v2 GET /mine" });
  expect(dying.requests).toEqual(["GET /mine"]);
});

test.concurrent("a POST that may have been carried out is answered 502 and named, unless it has an Idempotency-Key", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const dying = await startDyingApp(one, 2);
  const post = { method: "POST", body: "x" };
  const [bare, keyed] = [
    get(sluice.ports.listen, "/bare", post),
    get(sluice.ports.listen, "/keyed", { ...post, headers: { "idempotency-key": "1" } }),
  ];
  expect(await bare).toMatchObject({ status: 502, headers: { "sluice-error": "APP_CLOSED" } });
  expect(await sluice.event("request_failed")).toMatchObject({ details: { method: "POST", written: true } });
  await sluice.event("lifeline_lost");
  await one.app("a", { version: "v2" });
  expect(await keyed).toMatchObject({ status: 200, body: "v2 POST /keyed" });
  expect(sluice.events("request_failed")).toHaveLength(1);
  expect([...dying.requests].sort()).toEqual(["POST /bare", "POST /keyed"]);
});
