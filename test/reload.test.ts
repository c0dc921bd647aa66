// `reload`, as the app answers it or not, with a real sluice.

import { expect } from "vitest";
import { test } from "./harness/scene.ts";

test.concurrent("a reload of which the app says nothing: 504 in the end, and the timeline says so too", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const app = await one.app("a", { signals: ["SIGTERM", "reload"] });
  const order = sluice.control("POST", "/v1/slots/a/reload");
  await app.told("reload");
  expect(await order).toMatchObject({ status: 504, body: { error: "COMMAND_TIMEOUT" } });
  expect(await sluice.event("reload_ended")).toMatchObject({
    slot: "a",
    version: "v1",
    message: expect.stringContaining("did not report the outcome within 5000 ms"),
    details: { ok: false },
  });
});

test.concurrent("a reload during which the app dies: 502, and the timeline says so too", async ({ one }) => {
  const sluice = await one.sluice();
  const app = await one.app("a", { signals: ["SIGTERM", "SIGUSR2"] });
  const order = sluice.control("POST", "/v1/slots/a/reload");
  await app.told("reload");
  app.die();
  expect(await order).toMatchObject({ status: 502, body: { error: "COMMAND_FAILED" } });
  expect(await sluice.event("reload_ended")).toMatchObject({ details: { ok: false } });
});

test.concurrent("a reload that the handshake did not declare is refused, and the app hears nothing of it", async ({
  one,
}) => {
  const sluice = await one.sluice();
  const app = await one.app("a", { signals: ["SIGTERM", "SIGUSR1"] });
  await app.told("active");
  expect(await sluice.control("POST", "/v1/slots/a/reload")).toMatchObject({
    status: 409,
    body: { error: "NOT_DECLARED", message: expect.stringContaining("SIGTERM, SIGUSR1") },
  });
  expect(await sluice.event("order_refused")).toMatchObject({ slot: "a", details: { order: "reload" } });
  expect(app.lines).not.toContain("reload");
  expect(sluice.events("reload_sent")).toEqual([]);
});
