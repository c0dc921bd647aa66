import { describe, expect, test } from "vitest";
import { slotLiveness } from "./readiness.ts";
import { slotOf } from "./state.ts";
import { createWorld, type World } from "./world.ts";

const pass = (world: World) =>
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
const fail = (world: World) =>
  world.send({ type: "probe", slot: "a", ok: false, refused: false, detail: "answered 500" });

describe("a gate", () => {
  const gate = { type: "gate", slot: "a", gate: "g", open: true, reason: undefined } as const;
  const setUp = () => {
    const world = createWorld({ slots: ["a"], gates: ["g"] });
    world.boot("a", "v1");
    return world;
  };

  test("stays open while anything else happens, until its time has run out", () => {
    const world = setUp();
    world.send({ ...gate, ttlMs: 30_000 });
    for (let second = 0; second < 29; second++) {
      world.pass(1_000);
      pass(world);
    }
    expect(world.ready).toBe(true);
    world.pass(1_000);
    expect(world.ready).toBe(false);
    expect(world.events()).toContain("gate_expired");
  });

  test("without a time to live stays open", () => {
    const world = setUp();
    world.send({ ...gate, ttlMs: undefined });
    world.pass(100_000_000);
    pass(world);
    expect(world.ready).toBe(true);
  });

  test("that is opened again and again is opened once in the timeline, and its time begins anew", () => {
    const world = setUp();
    for (let beat = 0; beat < 5; beat++) {
      world.send({ ...gate, ttlMs: 30_000 });
      world.pass(20_000);
    }
    expect(world.events().filter((type) => type.startsWith("gate"))).toEqual(["gate_opened"]);
    expect(world.ready).toBe(true);
    // A word without a time to live ends the heartbeat, not the gate.
    world.send({ ...gate, ttlMs: undefined });
    world.pass(100_000);
    expect(world.ready).toBe(true);
  });
});

describe("liveness", () => {
  const setUp = () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    for (let second = 0; second < 7; second++) {
      fail(world);
      world.pass(1_000);
    }
    return world;
  };
  const ok = (world: World) => slotLiveness(world.state, slotOf(world.state, "a")!, world.at).ok;

  test("does not have an app killed whose Pod is leaving", () => {
    const world = setUp();
    expect(ok(world)).toBe(false);
    world.send({ type: "pod-hook" });
    expect(ok(world)).toBe(true);
  });

  test("says nothing against an app that has ended, nor against the next one", () => {
    const world = setUp();
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    expect(ok(world)).toBe(true);
    world.boot("a", "v2");
    expect(ok(world)).toBe(true);
  });

  test("begins to count anew after one probe that passed", () => {
    const world = setUp();
    pass(world);
    fail(world);
    fail(world);
    fail(world);
    expect(ok(world)).toBe(true);
  });
});

test("a new generation that crashes is no replacement under way: not ready at once", () => {
  const world = createWorld({ slots: ["a"] });
  world.boot("a", "v1");
  world.send({ type: "slot-hook", slot: "a" });
  world.pass(1_000);
  world.send({ type: "idle", generation: world.generation("a").id });
  world.send({ type: "lifeline-lost", generation: world.generation("a").id });
  world.pass(2_000);
  expect(world.ready).toBe(true);
  world.boot("a", "v2");
  world.send({ type: "lifeline-lost", generation: world.generation("a").id });
  expect(world.ready).toBe(false);
});
