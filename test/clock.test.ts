// Deadlines use the monotonic clock: a wall clock that jumps neither ends a hold early nor stretches a stop.

import { join } from "node:path";
import { expect } from "vitest";
import { codeOf } from "../scripts/architecture/code.ts";
import { isProduct, readSources } from "../scripts/architecture/source.ts";
import { get, send } from "./harness/client.ts";
import { test } from "./harness/scene.ts";

/** Where the wall clock may be read, and what for. */
const WALL_CLOCK: Readonly<Record<string, string>> = {
  "src/proxy/wire/date-line.ts": "the Date field of an answer (RFC 9110 6.6.1)",
  "src/sidecar.ts": "the time of an event, for people",
  "src/proxy/standard/head-refusal.ts": "the Date field of an answer (RFC 9110 6.6.1)",
  "src/observing.ts": "the time of a sample, for people",
  "src/telemetry/request-counts.ts": "the time of an exemplar (OpenMetrics)",
  "src/traces.ts": "the times of spans, which collectors compare between hosts",
};
/** What the sidecar is made of. */
const SIDECAR = /^src\/(\w[\w-]*\.ts|(api|config|drain|health|lifecycle|proxy|telemetry)\/.*)$/;

test("nothing but the times that people read comes from the wall clock", () => {
  const readers = readSources(join(import.meta.dirname, ".."))
    .filter(isProduct)
    .filter(({ path, text }) => SIDECAR.test(path) && /\bDate\.now\b|\bnew Date\b/.test(codeOf(text)))
    .map(({ path }) => path);
  expect(readers.sort()).toEqual(Object.keys(WALL_CLOCK).sort());
});

/** Turns the wall clock of a process over and over: a day ahead, a day back. */
const JUMPS = `data:text/javascript,${encodeURIComponent(`
  const real = Date.now;
  let asked = 0;
  const jump = () => [86_400_000, -86_400_000, 0][++asked % 3];
  Date.now = () => real() + jump();
  globalThis.Date = class extends Date {
    constructor(...args) { if (args.length > 0) super(...args); else super(real() + jump()); }
    static now() { return real() + jump(); }
  };
`)}`;

test("a clock that jumps a day ahead and back at every look changes no deadline", async ({ one }) => {
  const sluice = await one.sluice(["--hold-timeout", "700ms"], ["env", `NODE_OPTIONS=--import=${JUMPS}`]);
  const held = await get(sluice.ports.listen, "/held");
  expect([held.status, held.headers["sluice-error"]]).toEqual([503, "HOLD_TIMEOUT"]);
  const app = await one.app("a");
  const waiting = send(sluice.ports.listen, "/wait");
  await app.waiting(1);
  const hook = await sluice.hook("slots/a");
  app.release();
  expect((await waiting.answer).status).toBe(200);
  expect(await hook.answer).toMatchObject({ body: { outcome: "drained" } });
  const answered = await sluice.event("hook_answered");
  expect(answered.details.waitedMs).toBeGreaterThanOrEqual(999);
  expect(answered.details.waitedMs).toBeLessThan(60_000);
  sluice.signal("SIGTERM");
  expect(await sluice.ended).toBe(0);
  const times = sluice.child.lines.map(({ value }) => Date.parse(String(value.time)));
  expect(Math.max(...times) - Math.min(...times), "the clock did jump").toBeGreaterThan(86_000_000);
});
