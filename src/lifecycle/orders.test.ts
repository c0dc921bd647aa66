import { describe, expect, test } from "vitest";
import { createWorld, type World } from "./world.ts";

const ended = (world: World) =>
  world.effects.flatMap((effect) => (effect.do === "drain-ended" ? [effect.outcome] : []));
const told = (world: World) =>
  world.effects.flatMap((effect) => (effect.do === "tell" ? [`${effect.generation} ${effect.line}`] : []));

describe("what takes an ordered drain's place is told to whoever ordered it", () => {
  test("promote", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.send({ type: "drain", slot: "a" });
    world.send({ type: "promote", slot: "a" });
    expect(ended(world)).toEqual(["ended by promote"]);
    expect(world.route).toMatchObject({ slot: "a" });
    world.pass(20_000);
    expect(world.events()).not.toContain("drain_deadline");
  });

  test("a newer instance", () => {
    const world = createWorld();
    world.boot("a", "v1", "older");
    world.send({ type: "drain", slot: "a" });
    world.boot("a", "v1", "newer");
    expect(ended(world)).toEqual(["superseded"]);
    expect(world.route).toMatchObject({ slot: "a" });
  });

  test("the slot's hook, a second after it came", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.send({ type: "drain", slot: "a" });
    world.send({ type: "slot-hook", slot: "a" });
    expect(ended(world)).toEqual([]);
    world.pass(1_000);
    expect(ended(world)).toEqual(["its container is being stopped"]);
    expect(world.answered()).toEqual([]);
  });
});

test("an order that is carried out already is answered at once, each time", () => {
  const world = createWorld();
  world.boot("a", "v1");
  world.send({ type: "drain", slot: "a" });
  world.send({ type: "idle", generation: world.generation("a").id });
  for (let again = 0; again < 2; again++) world.send({ type: "drain", slot: "a" });
  expect(ended(world)).toEqual(["drained", "already drained", "already drained"]);
  expect(world.events().filter((type) => type === "drain_began")).toHaveLength(1);
});

describe("in a Pod's stop", () => {
  test("promote and drain are refused, from its beginning to its end", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.boot("b", "v1");
    const orders = () => (["promote", "drain"] as const).map((type) => world.send({ type, slot: "b" })?.code);
    world.send({ type: "pod-hook" });
    expect(orders()).toEqual(["STOPPING", "STOPPING"]);
    world.pass(7_000);
    world.send({ type: "quiet" });
    expect(world.state.pod.phase).toBe("drained");
    expect(orders()).toEqual(["STOPPING", "STOPPING"]);
    expect(world.route).toMatchObject({ slot: "a" });
  });

  test("a handshake is taken until sluice exits, and refused then", () => {
    const world = createWorld({ slots: ["a"] });
    world.send({ type: "pod-hook" });
    world.boot("a", "v1", "first");
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    world.send({ type: "signal", signal: "SIGTERM" });
    world.send({ type: "quiet" });
    expect(world.state.pod.phase).toBe("exiting");
    const late = { type: "handshake", slot: "a", version: "v1", instance: "late", signals: [] } as const;
    expect(world.send(late)).toMatchObject({ code: "STOPPING" });
  });

  test("that was taken back, the slot is no longer taken for one that is being stopped", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.boot("b", "v1");
    for (const slot of ["a", "b"]) world.send({ type: "slot-hook", slot });
    world.send({ type: "pod-hook" });
    world.pass(5_000);
    world.send({ type: "quiet" });
    expect(world.send({ type: "promote", slot: "b" })).toMatchObject({ code: "STOPPING" });
    world.pass(35_000);
    expect(world.send({ type: "promote", slot: "b" })).toBeUndefined();
    expect(world.route).toMatchObject({ slot: "b" });
  });
});

describe("what an app is told", () => {
  test("is told once, and again when it has changed", () => {
    const world = createWorld();
    world.boot("a", "v1");
    const { id: a } = world.generation("a");
    world.boot("b", "v2");
    const { id: b } = world.generation("b");
    for (let probe = 0; probe < 3; probe++)
      world.send({ type: "probe", slot: "b", ok: true, refused: false, detail: "answered 200" });
    expect(told(world)).toEqual([`${a} active`, `${b} active`]);
    world.send({ type: "idle", generation: a });
    world.send({ type: "promote", slot: "a" });
    world.send({ type: "idle", generation: b });
    expect(told(world).slice(2)).toEqual([`${a} standby`, `${a} active`, `${b} standby`]);
  });

  test("a generation that is active again before its requests had left has no drain that ends", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.boot("b", "v2");
    const { id } = world.generation("a");
    world.send({ type: "promote", slot: "a" });
    world.take();
    world.send({ type: "idle", generation: id });
    expect(world.events()).toEqual([]);
  });

  test("stopping is noted once, however often the app says it", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "stopping", slot: "a" });
    world.take();
    expect(world.send({ type: "stopping", slot: "a" })).toBeUndefined();
    expect(world.effects).toEqual([]);
  });
});
