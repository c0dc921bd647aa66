import { expect, test } from "vitest";
import { createWorld } from "./world.ts";

const a = { to: "generation", slot: "a" };
const b = { to: "generation", slot: "b" };

test("nothing is ready before handshake and probe agree", () => {
  const world = createWorld();
  expect(world.route).toEqual({ to: "hold" });
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  expect(world.ready).toBe(false);
  expect(world.reason).toContain("slot a: the app answers its probe, but has not shaken hands");
  world.send({ type: "handshake", slot: "a", version: "v1", instance: "one", signals: ["SIGTERM"] });
  expect(world.route).toEqual({ to: "hold" });
  expect(world.reason).toContain("v1 has not answered its probe yet");
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  expect(world.route).toMatchObject({ ...a, version: "v1" });
  expect(world.ready).toBe(true);
});

test("a handshake without SIGTERM is named as the reason", () => {
  const world = createWorld();
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  world.send({ type: "handshake-refused", slot: "a", version: "v1", reason: "its handshake lacks SIGTERM" });
  expect(world.reason).toContain("slot a: v1 answers its probe, but its handshake lacks SIGTERM");
});

test("a version that was never active takes over; the old one unwinds and stands by", () => {
  const world = createWorld();
  world.boot("a", "v1");
  const old = world.generation("a").id;
  world.take();
  world.boot("b", "v2");
  expect(world.route).toMatchObject({ ...b, version: "v2" });
  expect(world.events()).toEqual(expect.arrayContaining(["switch", "drain_began"]));
  expect(world.events()).not.toContain("standby");
  world.send({ type: "idle", generation: old });
  expect(world.events()).toEqual(expect.arrayContaining(["drain_ended", "standby"]));
  expect(world.effects).toContainEqual({ do: "tell", generation: old, line: "standby" });
});

test("the same version again stands by", () => {
  const world = createWorld();
  world.boot("a", "v1");
  world.boot("b", "v1");
  expect(world.route).toMatchObject(a);
  expect(world.events()).toContain("standby");
});

test("a crash moves traffic once, and a bad version that comes back does not take over again", () => {
  const world = createWorld();
  world.boot("a", "v1");
  world.boot("b", "v2");
  world.send({ type: "lifeline-lost", generation: world.generation("b").id });
  expect(world.route).toMatchObject({ ...a, version: "v1" });
  world.pass(2_000);
  world.boot("b", "v2");
  expect(world.route).toMatchObject({ ...a, version: "v1" });
});

test("with --switch manual a new version waits for promote", () => {
  const world = createWorld({ switch: "manual" });
  world.boot("a", "v1");
  world.boot("b", "v2");
  expect(world.route).toMatchObject(a);
  expect(world.send({ type: "promote", slot: "b" })).toBeUndefined();
  expect(world.route).toMatchObject(b);
});

test("promote goes back, and is idempotent", () => {
  const world = createWorld();
  world.boot("a", "v1");
  world.boot("b", "v2");
  expect(world.send({ type: "promote", slot: "a" })).toBeUndefined();
  expect(world.route).toMatchObject(a);
  world.take();
  expect(world.send({ type: "promote", slot: "a" })).toBeUndefined();
  expect(world.events()).toEqual([]);
});

test("orders that cannot be carried out are refused with the reason", () => {
  const world = createWorld();
  expect(world.send({ type: "promote", slot: "z" })).toMatchObject({ code: "UNKNOWN_SLOT" });
  expect(world.send({ type: "promote", slot: "a" })).toMatchObject({ code: "NO_GENERATION" });
  world.send({ type: "handshake", slot: "a", version: "v1", instance: "one", signals: [] });
  expect(world.send({ type: "promote", slot: "a" })).toMatchObject({
    code: "NOT_READY",
    message: "v1 in slot a is not ready: v1 has not answered its probe yet",
  });
  expect(world.send({ type: "drain", slot: "b" })).toMatchObject({ code: "NO_GENERATION" });
  expect(
    world.send({ type: "gate", slot: "a", gate: "x", open: true, reason: undefined, ttlMs: undefined }),
  ).toMatchObject({
    code: "UNKNOWN_GATE",
  });
});

test("a newer instance wins the slot; the older one is told and its loss means nothing", () => {
  const world = createWorld();
  world.boot("a", "v1", "older");
  const older = world.generation("a").id;
  world.take();
  world.boot("a", "v1", "newer");
  const newer = world.generation("a").id;
  expect(newer).not.toBe(older);
  expect(world.effects).toContainEqual({ do: "tell", generation: older, line: "superseded" });
  expect(world.effects).toContainEqual({ do: "end-lifeline", generation: older });
  world.send({ type: "lifeline-lost", generation: older });
  expect(world.route).toMatchObject({ generation: newer });
});

test("the same instance back within a second resumes its generation, later it is a new one", () => {
  const world = createWorld({ slots: ["a"] });
  world.boot("a", "v1", "same");
  const first = world.generation("a").id;
  world.send({ type: "lifeline-lost", generation: first });
  expect(world.route).toEqual({ to: "hold" });
  world.pass(900);
  world.boot("a", "v1", "same");
  expect(world.generation("a").id).toBe(first);
  expect(world.route).toMatchObject({ generation: first });
  world.send({ type: "lifeline-lost", generation: first });
  world.pass(1_100);
  world.boot("a", "v1", "same");
  expect(world.generation("a").id).not.toBe(first);
});

test("a missed probe alone never takes away the only slot (R9)", () => {
  const world = createWorld({ slots: ["a"] });
  world.boot("a", "v1");
  for (let i = 0; i < 10; i++)
    world.send({ type: "probe", slot: "a", ok: false, refused: false, detail: "no answer within 1s" });
  expect(world.route).toMatchObject(a);
  expect(world.ready).toBe(false);
  expect(world.reason).toBe("slot a: v1 fails its probe: no answer within 1s");
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  expect(world.ready).toBe(true);
});

test("a failed probe moves traffic where another slot is ready, and does not flap back", () => {
  const world = createWorld();
  world.boot("a", "v1");
  world.boot("b", "v2");
  world.send({ type: "probe", slot: "b", ok: false, refused: false, detail: "answered 500" });
  world.send({ type: "probe", slot: "b", ok: false, refused: false, detail: "answered 500" });
  expect(world.route).toMatchObject(b);
  world.send({ type: "probe", slot: "b", ok: false, refused: false, detail: "answered 500" });
  expect(world.route).toMatchObject(a);
  world.send({ type: "probe", slot: "b", ok: true, refused: false, detail: "answered 200" });
  expect(world.route).toMatchObject(a);
});

test("a refused connection takes the only slot out at once, and a passed probe brings it back", () => {
  const world = createWorld({ slots: ["a"] });
  world.boot("a", "v1");
  world.send({ type: "refused", generation: world.generation("a").id });
  expect(world.route).toEqual({ to: "hold" });
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  expect(world.route).toMatchObject(a);
});

test("a closed gate on the only slot: not ready, but what arrives is still sent to it (R9)", () => {
  const world = createWorld({ slots: ["a"], gates: ["consul"] });
  world.boot("a", "v1");
  expect(world.route).toEqual({ to: "hold" });
  expect(world.reason).toBe("slot a: gate consul has not been opened yet");
  const gate = { type: "gate", slot: "a", gate: "consul", reason: undefined } as const;
  world.send({ ...gate, open: true, ttlMs: 30_000 });
  expect(world.ready).toBe(true);
  world.pass(29_999);
  expect(world.ready).toBe(true);
  world.pass(1);
  expect(world.ready).toBe(false);
  expect(world.reason).toBe("slot a: gate consul is closed: its time to live ran out");
  expect(world.route).toMatchObject(a);
});

test("gates belong to the generation and die with it", () => {
  const world = createWorld({ slots: ["a"], gates: ["consul"] });
  world.boot("a", "v1");
  world.send({ type: "gate", slot: "a", gate: "consul", open: true, reason: undefined, ttlMs: undefined });
  world.send({ type: "lifeline-lost", generation: world.generation("a").id });
  world.pass(1_000);
  world.boot("a", "v1");
  expect(world.ready).toBe(false);
});

test("an app that got SIGTERM takes no new requests (R6)", () => {
  const world = createWorld();
  world.boot("a", "v1");
  world.boot("b", "v1");
  world.send({ type: "stopping", slot: "a" });
  expect(world.route).toMatchObject(b);
  world.send({ type: "stopping", slot: "b" });
  expect(world.route).toEqual({ to: "hold" });
  expect(world.send({ type: "promote", slot: "a" })).toMatchObject({ code: "STOPPING" });
});

test("after a restart the instance that was active is waited for, for a short time", () => {
  const world = createWorld({}, { versions: ["v1", "v2"], instance: "mine", slot: "b" });
  world.boot("a", "v1", "other");
  expect(world.route).toEqual({ to: "hold" });
  world.pass(500);
  world.boot("b", "v2", "mine");
  expect(world.route).toMatchObject(b);
});

test("after a restart where the CPU is short, the instance that was active is still waited for", () => {
  const world = createWorld({}, { versions: ["v1", "v2"], instance: "mine", slot: "b" });
  world.boot("a", "v1", "other");
  // Its client asks again once a second, and the first handshake loads what answers it.
  world.pass(4_000);
  world.boot("b", "v2", "mine");
  expect(world.route).toMatchObject(b);
});

test.each([
  [15_000, 5_000],
  [6_000, 3_000],
  [1_000, 2_000],
])(
  "after a restart, requests held for %i ms at the most: another instance is taken after %i ms",
  (holdTimeoutMs, ms) => {
    const world = createWorld({ holdTimeoutMs }, { versions: ["v1", "v2"], instance: "mine", slot: "b" });
    world.boot("a", "v1", "other");
    world.pass(ms - 1);
    expect(world.route).toEqual({ to: "hold" });
    world.pass(1);
    expect(world.route).toMatchObject(a);
  },
);

test("after a restart nobody waits for an instance whose slot another has taken", () => {
  const world = createWorld({ slots: ["a"] }, { versions: ["v1"], instance: "mine", slot: "a" });
  world.boot("a", "v1", "other");
  expect(world.route).toMatchObject(a);
});

test("a generation that takes no more is asked to close its idle connections", () => {
  const world = createWorld();
  world.boot("a", "v1");
  const { id } = world.generation("a");
  world.boot("b", "v2");
  expect(world.take()).toContainEqual({ do: "retire", generation: id });
  world.send({ type: "stopping", slot: "b" });
  expect(world.effects).toContainEqual({ do: "retire", generation: world.generation("b").id });
});

test("after a restart a version of the hint is not a new one", () => {
  const world = createWorld({}, { versions: ["v1", "v2"], instance: "mine", slot: "a" });
  world.boot("a", "v1", "mine");
  world.boot("b", "v2");
  expect(world.route).toMatchObject(a);
});

test("without a handshake the probe speaks, and only a slot that cannot serve is left", () => {
  const world = createWorld({ handshake: "off" });
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  expect(world.route).toMatchObject(a);
  world.send({ type: "probe", slot: "b", ok: true, refused: false, detail: "answered 200" });
  expect(world.route).toMatchObject(a);
  world.send({ type: "refused", generation: world.generation("a").id });
  expect(world.route).toMatchObject(b);
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  expect(world.route).toMatchObject(b);
});
