import fc from "fast-check";
import { expect, test } from "vitest";
import type { TimelineEvent } from "../../api/backend.ts";
import { EVENT_TYPES, type EventType } from "../event-types.ts";
import type { Span } from "./span.ts";
import { createStopStory } from "./stop-story.ts";
import { createSwitchStory } from "./switch-story.ts";

function setUp() {
  const spans: Span[] = [];
  let ids = 0;
  const parts = {
    ids: {
      trace: () => String(++ids).padStart(32, "0"),
      span: () => String(++ids).padStart(16, "0"),
    },
    tell: (told: readonly Span[]) => void spans.push(...told),
    epoch: () => 1_000_000,
  };
  const stories = [createSwitchStory(parts), createStopStory(parts)];
  let id = 0;
  /** Tells an event; returns the traces that it belongs to. */
  function tell(at: number, type: EventType, more: Partial<TimelineEvent> = {}): (string | undefined)[] {
    const event = { id: ++id, time: "", monotonicMs: at, type, slot: undefined, generation: undefined };
    return stories.map((story) =>
      story({ ...event, version: undefined, message: type, details: {}, ...more }),
    );
  }
  return {
    tell,
    spans,
    /** Name, beginning and end of each span, in the order of their beginnings. */
    told: () =>
      spans
        .map(({ name, from, to }) => [name, from - 1_000_000, to - 1_000_000] as const)
        .sort((one, other) => one[1] - other[1] || other[2] - one[2]),
    root: () => spans.filter(({ parentId }) => parentId === undefined),
  };
}

const A = { slot: "a", generation: 1, version: "v1" };
const B = { slot: "b", generation: 2, version: "v2" };

test("a new version takes over: probe, gates and switch, and the old one's drain in the same trace", () => {
  const { tell, told, spans, root } = setUp();
  tell(100, "handshake", B);
  tell(130, "probe_passed", B);
  tell(180, "gate_opened", B);
  tell(180, "ready", B);
  tell(180, "switch", { ...B, details: { cause: "new_version", fromGeneration: 1, fromSlot: "a" } });
  tell(180, "drain_began", { ...A, details: { cause: "switch", inFlight: 7 } });
  tell(950, "drain_ended", { ...A, details: { cause: "switch", inFlight: 0 } });
  expect(told()).toEqual([
    ["switch to slot b", 100, 180],
    ["probe", 100, 130],
    ["gates", 130, 180],
    ["drain slot a", 180, 950],
    ["switch", 180, 180],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(root().length).toBe(1);
  expect(spans.find(({ name }) => name === "drain slot a")?.attributes).toMatchObject({
    "sluice.version": "v1",
    "sluice.drain.outcome": "drained",
    "sluice.drain.in_flight_at_begin": 7,
    "sluice.drain.in_flight_at_end": 0,
  });
});

test("a version that waited for its order is not told from its handshake on", () => {
  const { tell, told } = setUp();
  tell(0, "handshake", B);
  tell(10, "probe_passed", B);
  tell(10, "ready", B);
  tell(10, "standby", B);
  tell(90_000, "switch", { ...B, details: { cause: "promoted", fromGeneration: 1, fromSlot: "a" } });
  tell(90_000, "drain_began", { ...A, details: { cause: "switch", inFlight: 0 } });
  tell(90_001, "drain_ended", { ...A, details: { cause: "switch", inFlight: 0 } });
  expect(told()).toEqual([
    ["drain slot a", 90_000, 90_001],
    ["switch to slot b", 90_000, 90_000],
    ["switch", 90_000, 90_000],
  ]);
});

test("the only app is restarted: the switch begins where the hold did, and the death drains nothing", () => {
  const { tell, told, spans } = setUp();
  tell(500, "lifeline_lost", A);
  tell(500, "hold_began", { details: { inFlight: 3 } });
  tell(800, "handshake", { ...A, generation: 2 });
  tell(850, "probe_passed", { ...A, generation: 2 });
  tell(850, "ready", { ...A, generation: 2 });
  tell(850, "hold_ended", { details: { held: 12 } });
  tell(850, "switch", { ...A, generation: 2, details: { cause: "none_active" } });
  tell(900, "generation_gone", A);
  expect(told()).toEqual([
    ["switch to slot a", 500, 850],
    ["hold", 500, 850],
    ["probe", 800, 850],
    ["switch", 850, 850],
  ]);
  expect(spans.find(({ name }) => name === "hold")?.attributes).toEqual({ "sluice.held": 12 });
});

test("a slot's container is stopped: its hook, with the drain in it", () => {
  const { tell, told, root } = setUp();
  tell(0, "hook_asked", { slot: "a" });
  const [, drain] = tell(1_000, "drain_began", { ...A, details: { cause: "hook", inFlight: 2 } });
  tell(3_000, "drain_deadline", { ...A, details: { cause: "hook", inFlight: 1 } });
  tell(3_000, "drain_ended", { ...A, details: { cause: "hook", outcome: "deadline", inFlight: 1 } });
  const [, answer] = tell(3_001, "hook_answered", { slot: "a", details: { outcome: "deadline" } });
  expect(told()).toEqual([
    ["stop of slot a", 0, 3_001],
    ["drain slot a", 1_000, 3_000],
  ]);
  expect(drain).toBe(answer);
  expect(root()[0]).toMatchObject({
    attributes: { "sluice.hook.outcome": "deadline" },
    moments: [{ name: "drain_deadline" }],
  });
});

test("a drain by an order is a trace of its own", () => {
  const { tell, told, root } = setUp();
  tell(10, "drain_began", { ...A, details: { cause: "order", inFlight: 2 } });
  tell(60, "drain_ended", { ...A, details: { cause: "order", outcome: "drained", inFlight: 0 } });
  expect(told()).toEqual([["drain slot a", 10, 60]]);
  expect(root().length).toBe(1);
});

test("the Pod stops: hooks that came before its own belong to it, and a cut is a failure", () => {
  const { tell, told, spans, root } = setUp();
  tell(0, "hook_asked", { slot: "a" });
  tell(8, "hook_asked");
  tell(8, "pod_leaving", { details: { cause: "hook", deadlineMs: 25_000, inFlight: 4 } });
  tell(8, "lame_duck", { details: { delayMs: 5_000 } });
  tell(23_000, "last_call");
  tell(25_008, "pod_deadline", { details: { inFlight: 1 } });
  tell(25_010, "pod_drained", { details: { cut: 1 } });
  tell(25_010, "hook_answered", { slot: "a", details: { outcome: "deadline" } });
  tell(25_010, "hook_answered", { details: { outcome: "deadline" } });
  tell(25_020, "signal", { details: { signal: "SIGTERM" } });
  tell(25_100, "exit", { details: { code: 70 } });
  expect(told()).toEqual([
    ["hook of slot a", 0, 25_010],
    ["stop of the Pod", 8, 25_100],
    ["drain", 8, 25_010],
    ["lame duck", 8, 5_008],
    ["exit", 25_010, 25_100],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(root()[0]).toMatchObject({
    failure: "requests were cut at the deadline",
    moments: [{ name: "last_call" }, { name: "pod_deadline" }, { name: "hook_answered" }, { name: "signal" }],
    attributes: { "sluice.stop.cause": "hook", "sluice.stop.outcome": "exit 70" },
  });
});

test("a stop that never came ends its trace, and the next one begins anew", () => {
  const { tell, told } = setUp();
  tell(0, "hook_asked");
  tell(0, "pod_leaving", { details: { cause: "hook" } });
  tell(100, "pod_drained", { details: { cut: 0 } });
  tell(35_000, "pod_serving_again");
  tell(50_000, "hook_asked");
  tell(50_000, "pod_leaving", { details: { cause: "hook" } });
  tell(50_100, "exit", { details: { code: 0 } });
  expect(told().filter(([name]) => name === "stop of the Pod")).toEqual([
    ["stop of the Pod", 0, 35_000],
    ["stop of the Pod", 50_000, 50_100],
  ]);
});

test("whatever happens in whatever order, nothing throws, and every span is sound", () => {
  const types = Object.keys(EVENT_TYPES) as EventType[];
  const happening = fc.record({
    type: fc.constantFrom(...types),
    pause: fc.integer({ min: 0, max: 5_000 }),
    slot: fc.constantFrom("a", "b", undefined),
    generation: fc.constantFrom(1, 2, 3, undefined),
    cause: fc.constantFrom("switch", "hook", "order", "none_active", undefined),
    from: fc.constantFrom(1, 2, 3, undefined),
  });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const { tell, spans } = setUp();
      let at = 0;
      for (const { type, pause, slot, generation, cause, from } of happenings) {
        at += pause;
        const details = {
          ...(cause && { cause }),
          ...(from !== undefined && { fromGeneration: from, fromSlot: "a" }),
        };
        tell(at, type, { slot, generation, version: "v", details });
      }
      for (const { from, to, traceId } of spans) {
        expect(from).toBeLessThanOrEqual(to);
        expect(to).toBeLessThanOrEqual(at + 1_000_000);
        expect(traceId).toMatch(/^\d{32}$/);
      }
      expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    }),
    { numRuns: 300 },
  );
});
