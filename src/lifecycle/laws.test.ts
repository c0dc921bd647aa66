// Laws that hold whatever happens, in whatever order.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Happening } from "./events.ts";
import { isInService, isReady, isStanding } from "./readiness.ts";
import { activeGeneration, generationOf, type Settings } from "./state.ts";
import { createWorld, type World } from "./world.ts";

const slot = fc.constantFrom("a", "b", "nowhere");
const generation = fc.integer({ min: 1, max: 6 });

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    type: fc.constant("handshake" as const),
    slot,
    version: fc.constantFrom("v1", "v2", "v3"),
    instance: fc.constantFrom("i1", "i2", "i3", "i4"),
    signals: fc.constant(["SIGTERM"]),
  }),
  fc.record({
    type: fc.constant("handshake-refused" as const),
    slot,
    version: fc.constant("v9"),
    reason: fc.constant("lacks"),
  }),
  fc.record({ type: fc.constant("lifeline-lost" as const), generation }),
  fc.record({
    type: fc.constant("probe" as const),
    slot,
    ok: fc.boolean(),
    refused: fc.boolean(),
    detail: fc.constant("detail"),
  }),
  fc.record({ type: fc.constant("refused" as const), generation }),
  fc.record({
    type: fc.constant("gate" as const),
    slot,
    gate: fc.constantFrom("g", "unknown"),
    open: fc.boolean(),
    reason: fc.constant(undefined),
    ttlMs: fc.option(fc.constant(3_000), { nil: undefined }),
  }),
  fc.record({ type: fc.constant("stopping" as const), slot }),
  fc.record({ type: fc.constant("idle" as const), generation }),
  fc.record({ type: fc.constant("slot-hook" as const), slot }),
  fc.record({ type: fc.constant("pod-hook" as const) }),
  fc.record({
    type: fc.constant("signal" as const),
    signal: fc.constantFrom("SIGTERM" as const, "SIGINT" as const),
  }),
  fc.record({ type: fc.constant("promote" as const), slot }),
  fc.record({ type: fc.constant("drain" as const), slot }),
  fc.record({ type: fc.constant("tick" as const) }),
);

const settings: fc.Arbitrary<Partial<Settings>> = fc.record({
  slots: fc.constantFrom(["a"], ["a", "b"]),
  handshake: fc.constantFrom("required" as const, "off" as const),
  probe: fc.constantFrom("on" as const, "off" as const),
  gates: fc.constantFrom([], ["g"]),
  switch: fc.constantFrom("auto" as const, "manual" as const),
});

const script = fc.array(fc.tuple(happening, fc.constantFrom(0, 0, 5, 400, 1_000, 6_000, 20_000)), {
  maxLength: 40,
});

function checkLaws(world: World): void {
  const { state } = world;
  const active = activeGeneration(state);
  // The active one is a slot's present generation, stands and is in service.
  if (state.active !== undefined) expect(active).toBeDefined();
  if (active) expect(isStanding(active) && isInService(active)).toBe(true);
  // Requests go to the active one or nowhere.
  if (world.route.to === "generation") expect(world.route.generation).toBe(state.active);
  // Nobody waits in vain: who is ready is used, unless somebody else is or the old instance is awaited.
  const ready = state.slots.filter(({ generation }) => generation && isReady(state.settings, generation));
  if (ready.length > 0 && !state.awaited) expect(active).toBeDefined();
  // Ready says so only where requests find somebody, or are held for a replacement that is on its way.
  if (world.ready && world.route.to !== "generation") {
    expect(state.slots.some(({ expectedUntil }) => (expectedUntil ?? 0) > world.at)).toBe(true);
  }
  if (state.pod.phase === "leaving") {
    for (const { hook } of state.slots)
      expect(hook?.answeredAt === undefined || hook.answeredAt <= state.pod.since).toBe(true);
  }
}

/** Plays the sidecar: what was asked for is reported. */
function report(world: World, reported: { count: number }): void {
  for (; reported.count < world.effects.length; reported.count++) {
    const effect = world.effects[reported.count]!;
    if (effect.do === "await-quiet") world.send({ type: "quiet" });
    else if (effect.do === "cut") world.send({ type: "cut", count: 1 });
    else if (effect.do === "await-idle") world.send({ type: "idle", generation: effect.generation });
  }
}

test("the laws hold after every event", () => {
  fc.assert(
    fc.property(settings, script, (given, events) => {
      const world = createWorld(given);
      for (const [event, gap] of events) {
        world.send(event);
        checkLaws(world);
        world.pass(gap);
        checkLaws(world);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("every hook and every ordered drain is answered, and a signal ends in exactly one exit", () => {
  fc.assert(
    fc.property(settings, script, fc.boolean(), (given, events, quick) => {
      const world = createWorld(given);
      const reported = { count: 0 };
      const asked = { pod: 0, a: 0, b: 0 };
      /** Of each slot's last ordered drain: where in the effects its answer may begin. */
      const ordered = new Map<string, number>();
      let signalled = false;
      for (const [event, gap] of events) {
        const before = world.effects.length;
        const refusal = world.send(event);
        if (!refusal && event.type === "drain") ordered.set(event.slot, before);
        if (quick) report(world, reported);
        if (!refusal && event.type === "pod-hook") asked.pod++;
        if (!refusal && event.type === "slot-hook") asked[event.slot as "a" | "b"]++;
        if (event.type === "signal") signalled = true;
        world.pass(gap);
      }
      // Long enough for every deadline, with the sidecar reporting what it was asked to.
      for (let i = 0; i < 40; i++) {
        report(world, reported);
        world.pass(3_000);
      }
      const answered = world.answered();
      for (const key of ["pod", "a", "b"] as const) if (asked[key] > 0) expect(answered).toContain(key);
      const unanswered = world.state.slots.filter(({ hook }) => hook && hook.answeredAt === undefined);
      expect(unanswered).toEqual([]);
      for (const [slot, from] of ordered) {
        const answers = world.effects.slice(from).filter((effect) => effect.do === "drain-ended");
        expect(answers).toContainEqual(expect.objectContaining({ slot }));
      }
      const exits = world.effects.filter((effect) => effect.do === "exit");
      expect(exits.length).toBe(signalled ? 1 : 0);
    }),
    { numRuns: 1_500 },
  );
});

test("a switch by itself goes to a generation that is ready, and off a ready one only to a version that is new", () => {
  fc.assert(
    fc.property(settings, script, (given, events) => {
      const world = createWorld(given);
      for (const [event, gap] of events) {
        const before = world.state;
        world.send(event);
        const { active } = world.state;
        const old = generationOf(world.state, before.active);
        if (active !== undefined && active !== before.active && event.type !== "promote") {
          const next = generationOf(world.state, active)!;
          expect(isReady(world.state.settings, next)).toBe(true);
          if (old && isReady(world.state.settings, old)) {
            expect(before.everActive).not.toContain(next.version);
            expect(world.state.settings.switch).toBe("auto");
          }
        }
        world.pass(gap);
      }
    }),
    { numRuns: 2_000 },
  );
});
