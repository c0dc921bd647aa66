import { describe, expect, test } from "vitest";
import { balancer, slotLiveness } from "./readiness.ts";
import { slotOf } from "./state.ts";
import { createWorld, type World } from "./world.ts";

function exitCode(world: World): number | undefined {
  for (const effect of world.effects) if (effect.do === "exit") return effect.code;
  return undefined;
}

function awaitsQuiet(world: World): boolean {
  return world.effects.some((effect) => effect.do === "await-quiet");
}

describe("R1: a slot's hook waits a second for the Pod's", () => {
  test("until then an only slot goes on serving, then it drains and the hook is answered when idle", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    const { id } = world.generation("a");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(999);
    expect(world.route).toMatchObject({ to: "generation", slot: "a" });
    expect(world.answered()).toEqual([]);
    world.pass(1);
    expect(world.route).toEqual({ to: "hold" });
    expect(world.events()).toContain("drain_began");
    world.send({ type: "idle", generation: id });
    expect(world.answered()).toEqual(["a"]);
  });

  test("an idle slot's hook is answered after the second, not before", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "b" });
    world.pass(999);
    expect(world.answered()).toEqual([]);
    world.pass(1);
    expect(world.answered()).toEqual(["b"]);
  });

  test.each([
    ["pod", "a", "b"],
    ["a", "pod", "b"],
    ["b", "a", "pod"],
    ["a", "b", "pod"],
  ])("during a Pod stop (%s, %s, %s) no hook is answered before the Pod's drain has ended", (...order) => {
    const world = createWorld();
    world.boot("a", "v1");
    for (const hook of order) {
      world.send(hook === "pod" ? { type: "pod-hook" } : { type: "slot-hook", slot: hook });
      world.pass(10);
    }
    world.pass(4_900);
    expect(world.route).toMatchObject({ to: "generation", slot: "a" });
    expect(world.ready).toBe(true);
    expect(world.answered()).toEqual([]);
    world.pass(200);
    expect(awaitsQuiet(world)).toBe(true);
    expect(world.answered()).toEqual([]);
    world.send({ type: "quiet" });
    expect([...world.answered()].sort()).toEqual(["a", "b", "pod"]);
    world.send({ type: "signal", signal: "SIGTERM" });
    world.send({ type: "quiet" });
    expect(exitCode(world)).toBe(0);
  });

  test("a Pod's hook that comes while a slot drains gives the slot back to the lame duck", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(2_000);
    expect(world.route).toEqual({ to: "hold" });
    world.send({ type: "pod-hook" });
    expect(world.route).toMatchObject({ to: "generation", slot: "a" });
    expect(world.answered()).toEqual([]);
  });
});

describe("R2: a Pod deleted while a slot is being replaced", () => {
  test("keeps hook and held requests until the new generation's handshake, then drains it", () => {
    const world = createWorld({ slots: ["a"] });
    world.send({ type: "slot-hook", slot: "a" });
    world.send({ type: "pod-hook" });
    world.pass(3_000);
    expect(world.route).toEqual({ to: "hold" });
    world.boot("a", "v2");
    expect(world.route).toMatchObject({ to: "generation", version: "v2" });
    expect(world.answered()).toEqual([]);
    world.pass(2_000);
    world.send({ type: "quiet" });
    expect([...world.answered()].sort()).toEqual(["a", "pod"]);
  });

  test("a hook after the answered one's app has ended is that of the container that starts, and waits", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(1_000);
    world.send({ type: "idle", generation: world.generation("a").id });
    expect(world.answered()).toEqual(["a"]);
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(2_000);
    expect(world.answered()).toEqual(["a"]);
    expect(world.route).toEqual({ to: "hold" });
    world.boot("a", "v2");
    expect(world.route).toMatchObject({ to: "generation", version: "v2" });
    expect(world.ready).toBe(true);
    expect(world.answered()).toEqual(["a"]);
    world.pass(3_000);
    world.send({ type: "quiet" });
    expect([...world.answered()].sort()).toEqual(["a", "a", "pod"]);
  });

  test("the app that came and died is not waited for as one that is still to come", () => {
    const world = createWorld({ slots: ["a"] });
    world.send({ type: "slot-hook", slot: "a" });
    world.send({ type: "pod-hook" });
    world.pass(2_000);
    world.boot("a", "v2");
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    expect(world.route).toEqual({ to: "hold" });
    world.pass(1_000);
    expect(world.route).toEqual({ to: "refuse" });
  });

  test("gives up at the hold's limit", () => {
    const world = createWorld({ slots: ["a"], holdTimeoutMs: 8_000 });
    world.send({ type: "slot-hook", slot: "a" });
    world.send({ type: "pod-hook" });
    world.pass(7_999);
    expect(world.route).toEqual({ to: "hold" });
    world.pass(1);
    expect(world.route).toEqual({ to: "refuse" });
  });

  test("without a generation and without such a hook, held requests are refused after a second", () => {
    const world = createWorld({ slots: ["a"] });
    world.send({ type: "pod-hook" });
    world.pass(999);
    expect(world.route).toEqual({ to: "hold" });
    world.pass(1);
    expect(world.route).toEqual({ to: "refuse" });
  });

  test("an app that dies in lame duck is not waited for beyond a second", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(2_000);
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    expect(world.route).toEqual({ to: "hold" });
    world.pass(1_000);
    expect(world.route).toEqual({ to: "refuse" });
  });
});

describe("R3: sluice's own container alone is being replaced", () => {
  test("not ready after a second without a slot's hook, and the minimum delay begins there", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.pass(999);
    expect(world.ready).toBe(true);
    world.pass(1);
    expect(world.ready).toBe(false);
    expect(world.reason).toBe("sluice's own container is being replaced");
    expect(world.route).toMatchObject({ to: "generation", slot: "a" });
    world.pass(4_900);
    expect(awaitsQuiet(world)).toBe(false);
    world.pass(100);
    expect(awaitsQuiet(world)).toBe(true);
    world.send({ type: "quiet" });
    expect(world.answered()).toEqual(["pod"]);
  });
});

describe("R4: orders from hooks expire", () => {
  test("a generation that outlives its hook by grace + 5 s serves again", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(1_000);
    world.send({ type: "idle", generation: world.generation("a").id });
    world.pass(34_999);
    expect(world.route).toEqual({ to: "hold" });
    world.pass(1);
    expect(world.route).toMatchObject({ to: "generation", slot: "a" });
    expect(world.ready).toBe(true);
  });

  test("a Pod that outlives its hook by grace + 5 s serves again", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(5_000);
    world.send({ type: "quiet" });
    expect(world.ready).toBe(false);
    world.pass(35_000);
    expect(world.ready).toBe(true);
    expect(world.effects).toContainEqual({ do: "wind-up" });
    expect(world.state.pod.phase).toBe("serving");
  });
});

describe("R5: SIGTERM", () => {
  test("while the Pod's hook is unanswered: what is left has a second", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(1_500);
    world.send({ type: "signal", signal: "SIGTERM" });
    expect(world.effects).toContainEqual({ do: "wind-down", overMs: 0 });
    expect(awaitsQuiet(world)).toBe(true);
    world.pass(1_000);
    expect(world.effects).toContainEqual({ do: "cut" });
    world.send({ type: "cut", count: 2 });
    expect([...world.answered()].sort()).toEqual(["a", "pod"]);
    expect(exitCode(world)).toBe(70);
  });

  test("with no live slot: held requests are refused at once, and sluice exits", () => {
    const world = createWorld({ slots: ["a"] });
    world.send({ type: "signal", signal: "SIGTERM" });
    expect(world.route).toEqual({ to: "refuse" });
    expect(awaitsQuiet(world)).toBe(true);
    world.send({ type: "quiet" });
    expect(exitCode(world)).toBe(0);
  });

  test("alone: lame duck and drain start then, and end at the deadline from the grace", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "signal", signal: "SIGTERM" });
    expect(world.effects).toContainEqual({ do: "wind-down", overMs: 5_000 });
    world.pass(4_999);
    expect(awaitsQuiet(world)).toBe(false);
    world.pass(1);
    expect(awaitsQuiet(world)).toBe(true);
    world.pass(19_999);
    expect(world.effects).not.toContainEqual({ do: "cut" });
    world.pass(1);
    expect(world.effects).toContainEqual({ do: "cut" });
    world.send({ type: "cut", count: 0 });
    expect(exitCode(world)).toBe(0);
  });

  test("after the drain has ended: exit as soon as nothing is in flight, within a second", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(5_000);
    world.send({ type: "quiet" });
    expect(exitCode(world)).toBeUndefined();
    world.send({ type: "signal", signal: "SIGTERM" });
    world.pass(1_000);
    expect(world.effects).toContainEqual({ do: "cut" });
    world.send({ type: "cut", count: 1 });
    expect(exitCode(world)).toBe(70);
  });

  test("SIGINT drains without the minimum delay, and the second one cuts", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "signal", signal: "SIGINT" });
    expect(awaitsQuiet(world)).toBe(true);
    world.send({ type: "signal", signal: "SIGINT" });
    world.pass(0);
    expect(world.effects).toContainEqual({ do: "cut" });
  });

  test("when the streams that were left have ended in order, sluice is not asked for ever whether it is quiet", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(25_000);
    expect(world.effects).toContainEqual({ do: "cut" });
    world.take();
    world.send({ type: "quiet" });
    expect(awaitsQuiet(world)).toBe(false);
    expect(world.answered()).toEqual([]);
    world.send({ type: "cut", count: 0 });
    expect([...world.answered()].sort()).toEqual(["a", "pod"]);
  });

  test("twice is once", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "signal", signal: "SIGTERM" });
    const before = world.state;
    world.send({ type: "signal", signal: "SIGTERM" });
    expect(world.state.pod).toEqual(before.pod);
  });
});

describe("a slot's drain", () => {
  test("R7: at its deadline the hook is answered after streams were ended; requests go on", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    const { id } = world.generation("a");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(9_999);
    expect(world.answered()).toEqual([]);
    world.pass(1);
    expect(world.effects).toContainEqual({
      do: "answer-slot-hook",
      slot: "a",
      outcome: "deadline",
      endStreamsOf: id,
    });
    expect(world.effects).not.toContainEqual({ do: "cut" });
  });

  test("moves traffic to a ready slot, and the drained one cannot be promoted", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.boot("b", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(500);
    expect(world.route).toMatchObject({ slot: "a" });
    world.pass(500);
    expect(world.route).toMatchObject({ slot: "b" });
    expect(world.send({ type: "promote", slot: "a" })).toMatchObject({ code: "DRAINING" });
  });

  test("the Pod stays ready through a clean replacement of its only slot, for as long as a held request may wait", () => {
    const world = createWorld({ slots: ["a"], holdTimeoutMs: 4_000 });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(1_000);
    world.send({ type: "idle", generation: world.generation("a").id });
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    world.pass(3_900);
    expect(world.route).toEqual({ to: "hold" });
    expect(world.ready).toBe(true);
    expect(world.reason).toBe("slot a is being replaced; requests are held meanwhile");
    world.pass(100);
    expect(world.ready).toBe(false);
    world.boot("a", "v2");
    expect(world.ready).toBe(true);
  });

  test("hook called twice is one order; a later caller after the answer is answered at once", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(600);
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(400);
    world.send({ type: "idle", generation: world.generation("a").id });
    expect(world.answered()).toEqual(["a"]);
    world.take();
    world.send({ type: "slot-hook", slot: "a" });
    expect(world.answered()).toEqual(["a"]);
  });

  test("an app that dies while its hook waits ends the wait", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(1_500);
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    world.pass(0);
    expect(world.answered()).toEqual(["a"]);
  });

  test("an order drains like a hook, does not expire, and promote ends it", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.boot("b", "v1");
    expect(world.send({ type: "drain", slot: "a" })).toBeUndefined();
    expect(world.route).toMatchObject({ slot: "b" });
    world.send({ type: "idle", generation: world.generation("a").id });
    expect(world.effects).toContainEqual({
      do: "drain-ended",
      slot: "a",
      outcome: "drained",
      endStreamsOf: undefined,
    });
    world.pass(100_000);
    expect(world.route).toMatchObject({ slot: "b" });
    expect(world.send({ type: "promote", slot: "a" })).toBeUndefined();
    expect(world.route).toMatchObject({ slot: "a" });
  });

  test("an ordered drain whose app dies is reported to whoever ordered it", () => {
    const world = createWorld();
    world.boot("a", "v1");
    world.send({ type: "drain", slot: "a" });
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    expect(world.effects).toContainEqual({
      do: "drain-ended",
      slot: "a",
      outcome: "the app ended",
      endStreamsOf: undefined,
    });
  });
});

describe("who orders a drain that a hook has begun", () => {
  const ended = (world: World) =>
    world.effects.flatMap((effect) => (effect.do === "drain-ended" ? [effect.outcome] : []));
  const begin = () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(1_500);
    expect(world.send({ type: "drain", slot: "a" })).toBeUndefined();
    expect(ended(world)).toEqual([]);
    return world;
  };

  test("joins it, and hears its end", () => {
    const world = begin();
    world.send({ type: "idle", generation: world.generation("a").id });
    expect(ended(world)).toEqual(["drained"]);
    expect(world.answered()).toEqual(["a"]);
  });

  test("hears of its deadline, when streams have been ended", () => {
    const world = begin();
    const { id } = world.generation("a");
    world.pass(10_000);
    const outcome = { slot: "a", outcome: "deadline", endStreamsOf: id } as const;
    expect(world.effects).toContainEqual({ do: "drain-ended", ...outcome });
    expect(world.effects).toContainEqual({ do: "answer-slot-hook", ...outcome });
  });

  test("hears that the app died", () => {
    const world = begin();
    world.send({ type: "lifeline-lost", generation: world.generation("a").id });
    expect(ended(world)).toEqual(["the app ended"]);
  });

  test("hears that the Pod's stop took its place", () => {
    const world = begin();
    world.send({ type: "pod-hook" });
    expect(ended(world)).toEqual(["the Pod is leaving"]);
    expect(world.route).toMatchObject({ to: "generation" });
  });
});

test("an ordered drain whose app refuses connections, without handshakes, is reported to whoever ordered it", () => {
  const world = createWorld({ handshake: "off" });
  world.send({ type: "probe", slot: "a", ok: true, refused: false, detail: "answered 200" });
  world.send({ type: "drain", slot: "a" });
  world.send({ type: "refused", generation: world.generation("a").id });
  expect(world.effects).toContainEqual({
    do: "drain-ended",
    slot: "a",
    outcome: "the app ended",
    endStreamsOf: undefined,
  });
});

describe("liveness of a slot", () => {
  test("fails only for a generation whose probe has failed for long, and never while it is stopped", () => {
    const world = createWorld({ slots: ["a"] });
    const ok = () => slotLiveness(world.state, slotOf(world.state, "a")!, world.at).ok;
    const fail = () =>
      world.send({ type: "probe", slot: "a", ok: false, refused: false, detail: "answered 500" });
    expect(ok()).toBe(true);
    world.boot("a", "v1");
    fail();
    fail();
    fail();
    expect(ok()).toBe(true);
    world.pass(5_000);
    fail();
    expect(ok()).toBe(false);
    world.send({ type: "slot-hook", slot: "a" });
    expect(ok()).toBe(true);
  });
});

describe("clients that never pause", () => {
  test("without hooks the door closes after the minimum delay", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "signal", signal: "SIGTERM" });
    world.pass(4_999);
    expect(world.effects).not.toContainEqual({ do: "close-door" });
    world.pass(1);
    expect(world.effects.filter((effect) => effect.do === "close-door")).toHaveLength(1);
    expect(world.route).toMatchObject({ to: "generation" });
  });

  test("are served until the last call, then refused, so that nothing has to be cut", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(22_999);
    expect(world.route).toMatchObject({ to: "generation" });
    world.pass(1);
    expect(world.route).toEqual({ to: "refuse" });
    expect(world.events()).toContain("last_call");
    world.send({ type: "quiet" });
    expect(world.effects).not.toContainEqual({ do: "cut" });
    expect(world.effects).not.toContainEqual({ do: "close-door" });
    expect([...world.answered()].sort()).toEqual(["a", "pod"]);
  });

  test("are served again when the Pod outlives its hook", () => {
    const world = createWorld({ slots: ["a"] });
    world.boot("a", "v1");
    world.send({ type: "pod-hook" });
    world.send({ type: "slot-hook", slot: "a" });
    world.pass(24_000);
    expect(world.route).toEqual({ to: "refuse" });
    world.send({ type: "quiet" });
    world.pass(36_000);
    expect(world.route).toMatchObject({ to: "generation" });
  });
});

test("an external balancer is told first", () => {
  const world = createWorld({ slots: ["a"] });
  world.boot("a", "v1");
  expect(balancer(world.state, world.at).ok).toBe(true);
  world.send({ type: "pod-hook" });
  world.send({ type: "slot-hook", slot: "a" });
  expect(balancer(world.state, world.at).ok).toBe(false);
  expect(world.ready).toBe(true);
});
