import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { TimelineEvent } from "../api/backend.ts";
import { createTimeline, type Fact } from "./events.ts";
import { createLog } from "./log.ts";

function setUp() {
  const destination = new PassThrough();
  let ms = 0;
  const timeline = createTimeline({
    log: createLog({ level: "info", destination }),
    now: () => ms++,
    wallClock: () => new Date(1_700_000_000_000),
  });
  return {
    timeline,
    async logged() {
      timeline.close();
      destination.end();
      return (await text(destination))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    },
  };
}

const fact = (type: Fact["type"] = "switch", message = "m"): Fact => ({ type, message });
const failure = fact("request_failed", "GET failed");

test("an event is numbered, timed by both clocks, and logged at its level", async () => {
  const { timeline, logged } = setUp();
  const first = timeline.emit({
    type: "handshake",
    slot: "a",
    generation: 1,
    version: "v1",
    message: "v1 shook hands",
  });
  timeline.emit({
    type: "lifeline_lost",
    slot: "a",
    generation: 1,
    message: "v1 died",
    details: { inFlight: 3 },
  });
  expect(first).toEqual({
    id: 1,
    time: "2023-11-14T22:13:20.000Z",
    monotonicMs: 0,
    type: "handshake",
    slot: "a",
    generation: 1,
    version: "v1",
    message: "v1 shook hands",
    details: {},
  });
  expect(await logged()).toMatchObject([
    { level: "info", event: "handshake", eventId: 1, slot: "a", version: "v1", message: "v1 shook hands" },
    { level: "warn", event: "lifeline_lost", eventId: 2, inFlight: 3, message: "v1 died" },
  ]);
});

test("details never overwrite the fields of the log line", async () => {
  const { timeline, logged } = setUp();
  timeline.emit({ ...fact(), slot: "a", details: { slot: "b", level: "x", message: "y", from: "z" } });
  const [line] = await logged();
  expect(line).toMatchObject({ level: "info", slot: "a", message: "m", "details.slot": "b", from: "z" });
});

test("a subscriber gets the past after its id, then each new event, until it ends", () => {
  const { timeline } = setUp();
  for (let count = 0; count < 5; count++) timeline.emit(fact());
  const seen: number[] = [];
  const end = timeline.subscribe(3, (event) => seen.push(event.id));
  expect(seen).toEqual([4, 5]);
  timeline.emit(fact());
  end();
  timeline.emit(fact());
  expect(seen).toEqual([4, 5, 6]);
});

test("an id from before a restart starts over", () => {
  const { timeline } = setUp();
  timeline.emit(fact());
  const seen: number[] = [];
  timeline.subscribe(500, (event) => seen.push(event.id));
  timeline.emit(fact());
  expect(seen).toEqual([1, 2]);
});

test("the newest 1,000 are kept", () => {
  const { timeline } = setUp();
  for (let count = 0; count < 1_234; count++) timeline.emit(fact());
  const seen: number[] = [];
  timeline.subscribe(0, (event) => seen.push(event.id));
  expect(seen.length).toBe(1_000);
  expect([seen[0], seen.at(-1)]).toEqual([235, 1_234]);
});

test.each([failure, fact("order_refused")])(
  "a burst of $type pushes nothing else out of the past, and each is in the stream",
  (burst) => {
    const { timeline } = setUp();
    const live: TimelineEvent[] = [];
    timeline.subscribe(0, (event) => live.push(event));
    timeline.emit(fact("handshake"));
    for (let count = 0; count < 5_000; count++) timeline.emit(burst);
    timeline.emit(fact("switch"));
    expect(live.length).toBe(5_002);
    const past: TimelineEvent[] = [];
    timeline.subscribe(0, (event) => past.push(event));
    expect(past.length).toBe(252);
    expect([past[0]?.type, past.at(-1)?.type]).toEqual(["handshake", "switch"]);
    expect(past.at(-2)?.id).toBe(5_001);
  },
);

test("failed requests and refused orders are logged ten at a time, and the log says how many it left out", async () => {
  const { timeline, logged } = setUp();
  for (let count = 0; count < 10; count++) timeline.emit(fact("order_refused"));
  for (let count = 0; count < 25; count++) timeline.emit(failure);
  const lines = await logged();
  expect(lines.length).toBe(21);
  expect(lines.at(-1)).toMatchObject({ level: "warn", event: "request_failed", leftOut: 15 });
});

test("a subscriber that emits keeps the order for everyone", () => {
  const { timeline } = setUp();
  const first: string[] = [];
  const second: string[] = [];
  timeline.subscribe(0, (event) => {
    first.push(event.type);
    if (event.type === "lifeline_lost") timeline.emit(fact("switch"));
  });
  timeline.subscribe(0, (event) => second.push(event.type));
  timeline.emit(fact("lifeline_lost"));
  expect(first).toEqual(["lifeline_lost", "switch"]);
  expect(second).toEqual(first);
});

test("a subscriber that throws is dropped, and the others and the emitter do not notice", async () => {
  const { timeline, logged } = setUp();
  const seen: number[] = [];
  timeline.subscribe(0, () => {
    throw new Error("broken pipe");
  });
  timeline.subscribe(0, (event) => seen.push(event.id));
  timeline.emit(fact());
  timeline.emit(fact());
  expect(seen).toEqual([1, 2]);
  expect(timeline.dropped()).toBe(1);
  expect((await logged()).filter((line) => line.event === "subscriber_dropped").length).toBe(1);
});

test("a subscriber that ends itself in the middle of the past gets no more of it", () => {
  const { timeline } = setUp();
  for (let count = 0; count < 3; count++) timeline.emit(fact());
  const seen: number[] = [];
  const end = timeline.subscribe(3, (event) => {
    seen.push(event.id);
    end();
    timeline.emit(fact());
  });
  timeline.emit(fact());
  expect(seen).toEqual([4]);
});

test("an event that a subscriber cannot take counts as dropped, and the next one is offered all the same", () => {
  const { timeline } = setUp();
  const offered: string[] = [];
  timeline.subscribe(0, (event) => {
    offered.push(event.message);
    return event.message !== "too much";
  });
  for (const message of ["fine", "too much", "fine again"]) timeline.emit({ type: "signal", message });
  expect(offered).toEqual(["fine", "too much", "fine again"]);
  expect(timeline.dropped()).toBe(1);
});
