import { expect, test } from "vitest";
import type { FlowSample, TimelineEvent } from "../api/backend.ts";
import { createTickets, type Ending } from "../drain/tickets.ts";
import type { RequestRecord } from "../proxy/record.ts";
import { BORDERS, createFlow } from "./flow.ts";
import { createKeptSamples } from "./kept-samples.ts";
import { percentileOf } from "./latency-buckets.ts";

function setUp() {
  let at = 0;
  let events = 0;
  const held = { held: 0, total: 0 };
  let replays = 0;
  const tickets = createTickets(() => at);
  const flow = createFlow({
    now: () => at,
    wallClock: () => new Date(at),
    account: tickets.account,
    hold: () => ({ ...held }),
    replays: () => replays,
    inFlight: tickets.inFlight,
  });
  const border = (type: string) =>
    flow.event({ ...EVENT, id: ++events, type, monotonicMs: at } satisfies TimelineEvent);
  function request(generation: number, ending: Ending, firstByteMs: number | undefined, heldMs = 0) {
    const ticket = tickets.enter();
    if (generation > 0) ticket.board(generation);
    return () => {
      ticket.leave(ending);
      flow.ended({ ...RECORD, generation, ending, firstByteMs, heldMs });
    };
  }
  return {
    flow,
    border,
    request,
    held,
    pass: (ms: number) => {
      at += ms;
    },
    replay: () => {
      replays++;
    },
  };
}

const EVENT: TimelineEvent = {
  ...{ id: 0, time: "", monotonicMs: 0, type: "switch", message: "", details: {} },
  ...{ slot: undefined, generation: undefined, version: undefined },
};
const RECORD: RequestRecord = {
  ...{ requestId: "r", method: "GET", target: "/", ending: "answered", code: undefined, status: 200 },
  ...{ generation: 1, slot: "a", version: "v1", written: true, replayed: false, kind: "request", heldMs: 0 },
  ...{ durationMs: 1, firstByteMs: 1, client: "", cause: undefined },
};

test("a border of a phase parts the requests before it from those after it", () => {
  const { flow, border, request, pass } = setUp();
  const samples: FlowSample[] = [];
  flow.subscribe(0, (sample) => samples.push(sample));
  for (let one = 0; one < 3; one++) request(1, "answered", 4)();
  const late = request(1, "answered", 4);
  pass(10);
  border("switch");
  late();
  request(2, "answered", 100)();
  request(2, "failed", undefined)();
  request(0, "refused", undefined)();
  pass(10);
  border("drain_ended");
  const [first, second] = samples;
  expect(first).toMatchObject({ event: 1, spanMs: 10, accepted: 4, inFlight: 1 });
  expect(first?.slots).toMatchObject([{ slot: "a", generation: 1, answered: 3, failed: 0, inFlight: 1 }]);
  expect(second).toMatchObject({ event: 2, accepted: 3, inFlight: 0 });
  expect(second?.ended).toEqual({ answered: 2, client_aborted: 0, refused: 1, failed: 1, deadline: 0 });
  expect(second?.slots.map(({ generation, answered, failed }) => [generation, answered, failed])).toEqual([
    [1, 1, 0],
    [2, 1, 1],
  ]);
  expect(percentileOf([second!.slots[1]!.latency], 0.5)).toBeGreaterThan(90);
});

test("holds, the longest wait and replays are those since the sample before", () => {
  const { flow, border, request, held, pass, replay } = setUp();
  const samples: FlowSample[] = [];
  flow.subscribe(0, (sample) => samples.push(sample));
  held.total = 2;
  held.held = 1;
  request(1, "answered", 300, 250)();
  replay();
  pass(5);
  border("hold_ended");
  pass(5);
  border("switch");
  expect(samples[0]).toMatchObject({ holds: 2, held: 1, longestHoldMs: 250, replayed: 1 });
  expect(samples[1]).toMatchObject({ holds: 0, held: 1, longestHoldMs: 0, replayed: 0, slots: [] });
});

test("what is no border takes no sample; who comes later gets what is kept; who throws gets no more", () => {
  const { flow, border, pass } = setUp();
  let calls = 0;
  flow.subscribe(0, () => {
    calls++;
    throw new Error("a listener's own trouble");
  });
  for (const type of ["request_failed", "switch", "gate_opened", "ready"]) {
    pass(1);
    border(type);
  }
  expect(calls).toBe(1);
  const seen: number[] = [];
  const end = flow.subscribe(1, ({ id }) => seen.push(id));
  expect(seen).toEqual([2]);
  border("pod_leaving");
  end();
  border("exit");
  expect(seen).toEqual([2, 3]);
  const again: number[] = [];
  flow.subscribe(4_711, ({ id }) => again.push(id));
  expect(again, "a number from before a restart begins at the oldest").toEqual([1, 2, 3, 4]);
  expect(BORDERS).toContain("pod_drained");
});

test("a sample is taken each second, from the start on", async () => {
  const began = performance.now();
  const now = () => performance.now() - began;
  const flow = createFlow({
    ...{ now, wallClock: () => new Date(), replays: () => 0, inFlight: () => 0 },
    account: createTickets(now).account,
    hold: () => ({ held: 0, total: 0 }),
  });
  const sample = await new Promise<FlowSample>((resolve) => {
    flow.subscribe(0, resolve);
    flow.start();
    // The timer of a sampler keeps no process alive; this test's would end.
    setTimeout(() => {}, 2_000);
  });
  flow.stop();
  expect(sample).toMatchObject({ id: 1, event: undefined });
});

test("of what is old, only what stands near a border is kept, and never more than its share", () => {
  const kept = createKeptSamples(100, 40);
  const sampleAt = (id: number): FlowSample => ({
    ...{ id, time: "", monotonicMs: id * 1_000, spanMs: 1_000, accepted: 0, inFlight: 0, held: 0, holds: 0 },
    ...{ longestHoldMs: 0, replayed: 0, slots: [], event: id % 1_000 === 500 ? id : undefined },
    ended: { answered: 0, client_aborted: 0, refused: 0, failed: 0, deadline: 0 },
  });
  for (let id = 1; id <= 3_000; id++) kept.add(sampleAt(id));
  const ids = kept.after(0).map(({ id }) => id);
  expect(ids.slice(-100)).toEqual(Array.from({ length: 100 }, (_, index) => 2_901 + index));
  const past = ids.slice(0, -100);
  expect(past).toHaveLength(40);
  expect(past).toEqual(expect.arrayContaining([2_485, 2_500, 2_515]));
  expect(past.every((id) => Math.abs((id % 1_000) - 500) <= 15)).toBe(true);
});
