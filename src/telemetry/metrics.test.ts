import { expect, test } from "vitest";
import type { Status, TimelineEvent } from "../api/backend.ts";
import { createTickets, ENDINGS } from "../drain/tickets.ts";
import type { RequestRecord } from "../proxy/record.ts";
import { METRICS, type MetricKind } from "./metric-catalogue.ts";
import { createMetrics } from "./metrics.ts";

const record: RequestRecord = {
  requestId: "id",
  method: "GET",
  target: "/",
  ending: "answered",
  code: undefined,
  status: 200,
  generation: 1,
  slot: "a",
  version: "v1",
  written: true,
  replayed: false,
  kind: "request",
  heldMs: 0,
  durationMs: 3,
  firstByteMs: 2,
  client: "127.0.0.1",
  cause: undefined,
};

function setUp() {
  const tickets = createTickets(() => performance.now());
  const status = (): Status => ({
    ready: true,
    reason: "slot a is active",
    active: "a",
    pod: "leaving",
    podLeftMs: 4_000,
    slots: [
      {
        name: "a",
        address: "127.0.0.1:8081",
        state: "active",
        generation: 1,
        version: "v1",
        instance: "i",
        ageMs: 1,
        ready: true,
        waitingFor: [],
        probe: { state: "passing", detail: "" },
        gates: { kafka: { open: true, reason: "" } },
        inFlight: 2,
        drainLeftMs: undefined,
      },
      {
        name: "b",
        address: "127.0.0.1:8082",
        state: "draining",
        generation: 2,
        version: "v2",
        instance: "j",
        ageMs: 1,
        ready: false,
        waitingFor: ["its container is being stopped", "gate kafka is closed"],
        probe: { state: "passing", detail: "" },
        gates: { kafka: { open: false, reason: "rebalancing" } },
        inFlight: 1,
        drainLeftMs: 1_500,
      },
    ],
    held: 1,
    holds: { total: 0, longestMs: 0 },
    replayed: 0,
    connections: 7,
    account: tickets.account(),
    uptimeMs: 1,
    sluice: "0.1.0",
  });
  const metrics = createMetrics({
    sources: {
      status,
      hold: () => ({ held: 1, total: 5, longestMs: 30 }),
      eventStreamDropped: () => 2,
      logDropped: () => 3,
      spans: () => ({ exported: 6, failed: 1, dropped: 4 }),
    },
    slots: ["a", "b"],
    version: "0.1.0",
    engine: "standard",
    node: "26",
    limits: { holdMax: 1_024, holdTimeoutMs: 15_000 },
  });
  const event = (type: string, more: Partial<TimelineEvent> = {}): void =>
    metrics.event({
      id: 1,
      time: "",
      monotonicMs: 0,
      type,
      slot: undefined,
      generation: undefined,
      version: undefined,
      message: "",
      details: {},
      ...more,
    });
  return { tickets, metrics, event, series: async () => parse((await metrics.scrape()).body) };
}

/** "name{labels}" to value. */
function parse(body: string): Map<string, number> {
  const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

function sum(series: Map<string, number>, name: string): number {
  let total = 0;
  for (const [key, value] of series) if (key === name || key.startsWith(`${name}{`)) total += value;
  return total;
}

test("a scrape holds exactly the metrics of the catalogue, with their types, help and labels", async () => {
  const { metrics, event, tickets } = setUp();
  metrics.ended({ ...record, ending: "refused", code: "HOLD_FULL", status: 503 });
  metrics.ended({ ...record, ending: "failed", code: "APP_CLOSED", status: 502 });
  tickets.enter();
  event("switch", { details: { cause: "promote" } });
  event("hook_answered", { details: { outcome: "drained" } });
  event("hook_expired", { slot: "a" });
  await metrics.scrape();
  const { contentType, body } = await metrics.scrape();
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);

  const told = new Map<string, MetricKind>();
  for (const [, name, help] of body.matchAll(/^# HELP (\S+) (.*)$/gm)) {
    const type = new RegExp(`^# TYPE ${name} (\\S+)$`, "m").exec(body)?.[1] as MetricKind["type"];
    const first = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\} `, "m").exec(body)?.[1] ?? "";
    const labels = [...first.matchAll(/(\w+)="/g)]
      .map((match) => match[1]!)
      .filter((label) => label !== "le");
    told.set(name!, { type, labels, help: help! });
  }
  expect(Object.fromEntries(told)).toEqual(METRICS);
});

test("the account adds up in every scrape, whatever is in flight", async () => {
  const { metrics, tickets, series } = setUp();
  for (let round = 0; round < 20; round++) {
    for (const ending of ENDINGS) {
      const ticket = tickets.enter();
      if (round % 2 === 0) continue;
      ticket.leave(ending);
      metrics.ended({ ...record, ending, code: ending === "answered" ? undefined : "INTERNAL" });
    }
    const scraping = series();
    // What comes in while the scrape is under way is in all of its sums or in none.
    tickets.enter().leave("answered");
    metrics.ended(record);
    const seen = await scraping;
    const accepted = seen.get("sluice_requests_accepted_total")!;
    const ended = sum(seen, "sluice_requests_ended_total");
    expect(accepted).toBe(ended + seen.get("sluice_requests_in_flight")!);
    expect(sum(seen, "sluice_requests_total")).toBe(ended);
    expect(sum(seen, "sluice_request_duration_seconds_count")).toBe(ended);
  }
});

test("unknown methods and odd statuses fold into few labels, and paths are no label", async () => {
  const { metrics, series } = setUp();
  for (let count = 0; count < 500; count++) {
    metrics.ended({ ...record, method: `M${count}`, target: `/secret/${count}`, status: count * 7 });
  }
  metrics.ended({
    ...record,
    method: "constructor",
    status: 499,
    ending: "client_aborted",
    code: "CLIENT_LEFT",
  });
  const { body } = await metrics.scrape();
  expect(body).not.toContain("secret");
  const seen = await series();
  const keys = [...seen.keys()].filter((key) => key.startsWith("sluice_requests_total"));
  expect(keys.every((key) => key.includes('method="other"'))).toBe(true);
  expect(keys.length).toBeLessThanOrEqual(7);
  expect(seen.get('sluice_requests_total{slot="a",version="v1",method="other",status="499"}')).toBe(1);
  expect(sum(seen, "sluice_requests_total")).toBe(501);
});

test("hundreds of versions are nine series, and no request is lost in the folding", async () => {
  const { metrics, series } = setUp();
  for (let version = 0; version < 300; version++) metrics.ended({ ...record, version: `v${version}` });
  const seen = await series();
  const keys = [...seen.keys()].filter((key) => key.startsWith("sluice_requests_total"));
  expect(keys.length).toBe(9);
  expect(seen.get('sluice_requests_total{slot="a",version="other",method="GET",status="2xx"}')).toBe(292);
  const durations = (what: string) =>
    seen.get(`sluice_request_duration_seconds_${what}slot="a",version="other"}`);
  expect([durations("count{"), durations('bucket{le="0.0025",'), durations('bucket{le="0.005",')]).toEqual([
    292, 0, 292,
  ]);
  expect(durations("sum{")).toBeCloseTo(292 * 0.003, 6);
});

test("a version with quotes, backslashes and newlines cannot break the format", async () => {
  const { metrics } = setUp();
  metrics.ended({ ...record, version: 'v"1\\\n2' });
  const { body } = await metrics.scrape();
  expect(body).toContain(
    'sluice_requests_total{slot="a",version="v\\"1\\\\\\n2",method="GET",status="2xx"} 1',
  );
});

test("a histogram is cumulative, in seconds, and its last bucket is its count", async () => {
  const { metrics, series } = setUp();
  for (const durationMs of [0.2, 1, 3, 20_000, 100_000]) metrics.ended({ ...record, durationMs });
  const seen = await series();
  const bucket = (le: string) =>
    seen.get(`sluice_request_duration_seconds_bucket{le="${le}",slot="a",version="v1"}`);
  expect([bucket("0.0005"), bucket("0.001"), bucket("0.005"), bucket("60"), bucket("+Inf")]).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect(seen.get('sluice_request_duration_seconds_sum{slot="a",version="v1"}')).toBeCloseTo(120.0042, 6);
  expect(seen.get('sluice_request_duration_seconds_count{slot="a",version="v1"}')).toBe(5);
});

test("streams, holds, refusals, failures and cuts are counted apart", async () => {
  const { metrics, tickets, series } = setUp();
  metrics.ended({ ...record, kind: "websocket", status: 101, durationMs: 90_000 });
  metrics.ended({ ...record, heldMs: 40 });
  metrics.ended({
    ...record,
    slot: undefined,
    version: undefined,
    ending: "refused",
    code: "HOLD_FULL",
    status: 503,
    firstByteMs: undefined,
  });
  metrics.ended({
    ...record,
    ending: "failed",
    code: "APP_UNREACHABLE",
    status: 502,
    firstByteMs: undefined,
  });
  metrics.ended({ ...record, ending: "failed", code: "APP_CLOSED", status: 200 });
  tickets.enter().leave("deadline");
  metrics.replayed();
  const seen = await series();
  expect(seen.get('sluice_stream_duration_seconds_count{kind="websocket"}')).toBe(1);
  expect(seen.get('sluice_requests_total{slot="a",version="v1",method="GET",status="1xx"}')).toBe(1);
  expect(seen.get("sluice_hold_seconds_count")).toBe(1);
  expect(seen.get('sluice_refused_total{code="HOLD_FULL"}')).toBe(1);
  expect(seen.get('sluice_requests_total{slot="",version="",method="GET",status="5xx"}')).toBe(1);
  expect(sum(seen, "sluice_failed_total")).toBe(2);
  expect(seen.get('sluice_cut_total{cause="app"}')).toBe(1);
  expect(seen.get('sluice_cut_total{cause="deadline"}')).toBe(1);
  expect(seen.get("sluice_replays_total")).toBe(1);
});

test("the timeline is counted: switches, generations, lifelines, probes, hooks, drains", async () => {
  const { event, series } = setUp();
  event("handshake", { slot: "a" });
  event("handshake", { slot: "b" });
  event("switch", { slot: "b", details: { cause: "new-version" } });
  event("lifeline_lost", { slot: "a" });
  event("probe_failed", { slot: "a" });
  event("hook_answered", { details: { outcome: "drained" } });
  event("hook_answered", { slot: "b", details: { outcome: "deadline" } });
  event("hook_expired", { slot: "b" });
  event("pod_serving_again");
  event("drain_began", { slot: "a", generation: 1, monotonicMs: 1_000 });
  event("drain_began", { slot: "b", generation: 2, monotonicMs: 1_000 });
  event("drain_deadline", { slot: "a", generation: 1, monotonicMs: 1_120 });
  event("pod_deadline");
  event("not_ready", { slot: "b" });
  event("drain_ended", { slot: "a", generation: 1, monotonicMs: 1_120 });
  event("drain_ended", { slot: "a", generation: 1, monotonicMs: 9_999 });
  event("generation_gone", { slot: "b", generation: 2 });
  event("drain_ended", { slot: "b", generation: 2, monotonicMs: 9_999 });
  event("ready");
  const seen = await series();
  expect(seen.get('sluice_generations_total{slot="b"}')).toBe(1);
  expect(seen.get('sluice_switches_total{cause="new-version"}')).toBe(1);
  expect(seen.get('sluice_lifelines_lost_total{slot="a"}')).toBe(1);
  expect(seen.get('sluice_lifelines_lost_total{slot="b"}')).toBe(0);
  expect(seen.get('sluice_probe_failures_total{slot="a"}')).toBe(1);
  expect(seen.get('sluice_hook_requests_total{hook="pod",outcome="drained"}')).toBe(1);
  expect(seen.get('sluice_hook_requests_total{hook="slots/b",outcome="deadline"}')).toBe(1);
  expect(seen.get('sluice_hooks_expired_total{hook="slots/b"}')).toBe(1);
  expect(seen.get('sluice_hooks_expired_total{hook="pod"}')).toBe(1);
  expect(seen.get('sluice_drain_deadlines_total{drain="slots/a"}')).toBe(1);
  expect(seen.get('sluice_drain_deadlines_total{drain="slots/b"}')).toBe(0);
  expect(seen.get('sluice_drain_deadlines_total{drain="pod"}')).toBe(1);
  expect(seen.get('sluice_not_ready_total{slot="b"}')).toBe(1);
  expect(seen.get('sluice_drain_seconds_sum{slot="a"}')).toBeCloseTo(0.12);
  expect(seen.get('sluice_drain_seconds_count{slot="a"}')).toBe(1);
  expect(seen.get('sluice_drain_seconds_count{slot="b"}')).toBe(0);
});

test("labels that come from outside are bounded", async () => {
  const { event, series } = setUp();
  for (let count = 0; count < 1_000; count++) event("switch", { details: { cause: `cause ${count}` } });
  const seen = await series();
  const keys = [...seen.keys()].filter((key) => key.startsWith("sluice_switches_total"));
  expect(keys.length).toBe(33);
  expect(sum(seen, "sluice_switches_total")).toBe(1_000);
});

test("gauges say what the status says", async () => {
  const { series } = setUp();
  const seen = await series();
  expect(seen.get('sluice_slot_state{slot="a",state="active"}')).toBe(1);
  expect(sum(seen, "sluice_slot_state")).toBe(2);
  expect(seen.get('sluice_gate_open{slot="a",gate="kafka"}')).toBe(1);
  expect(seen.get('sluice_slot_in_flight{slot="a"}')).toBe(2);
  expect(seen.get("sluice_client_connections")).toBe(7);
  expect(seen.get("sluice_held_requests_total")).toBe(5);
  expect(seen.get("sluice_event_stream_dropped_total")).toBe(2);
  expect(seen.get("sluice_log_dropped_total")).toBe(3);
  expect(seen.get('sluice_trace_spans_total{outcome="dropped"}')).toBe(4);
  expect(seen.get("sluice_hold_limit")).toBe(1_024);
  expect(seen.get("sluice_hold_timeout_seconds")).toBe(15);
  expect(seen.get('sluice_slot_drain_left_seconds{slot="b"}')).toBe(1.5);
  expect(seen.has('sluice_slot_drain_left_seconds{slot="a"}')).toBe(false);
  expect(seen.get("sluice_pod_stop_left_seconds")).toBe(4);
  expect(seen.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(seen.get("process_open_fds")).toBeGreaterThan(2);
});

test("two at once get whole scrapes, and two sidecars share no counter", async () => {
  const one = setUp();
  const other = setUp();
  one.metrics.ended(record);
  const [first, second] = await Promise.all([one.series(), one.series()]);
  expect(sum(first!, "sluice_requests_total")).toBe(1);
  expect(sum(second!, "sluice_requests_total")).toBe(1);
  expect(sum(await other.series(), "sluice_requests_total")).toBe(0);
});

test("what keeps a slot from being ready is said by reason, one series for each", async () => {
  const { series } = setUp();
  const seen = await series();
  const reasons = (slot: string) =>
    [...seen].flatMap(([key, value]) => {
      const found = new RegExp(`^sluice_slot_not_ready\\{slot="${slot}",reason="(\\w+)"`).exec(key);
      return found && value === 1 ? [found[1]] : [];
    });
  expect(reasons("a")).toEqual([]);
  expect(reasons("b")).toEqual(["gate", "stopping"]);
  expect(sum(seen, "sluice_slot_not_ready")).toBe(2);
});

test("the event loop's lag is told from the second scrape on, and what has blocked it shows", async () => {
  const { metrics, series } = setUp();
  await metrics.scrape();
  // Not right behind the scrape, which reads files: node leaves out of its count what runs on the end of a file operation.
  await new Promise((resolve) => setTimeout(resolve, 1));
  const until = performance.now() + 60;
  while (performance.now() < until);
  // A turn is counted when it has ended, which may be after the first immediate.
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  const seen = await series();
  expect(seen.get("nodejs_eventloop_lag_max_seconds")).toBeGreaterThan(0.05);
  expect(seen.get("nodejs_eventloop_lag_p50_seconds")).toBeGreaterThanOrEqual(0);
});

const OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

test("who takes OpenMetrics gets it, with the newest traced request of each bucket as its example", async () => {
  const { metrics } = setUp();
  const trace = (spanId: string) => ({
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId,
    waits() {},
    boards() {},
    answers() {},
    fields: () => [],
  });
  metrics.ended({ ...record, trace: trace("00f067aa0ba902b7") });
  metrics.ended({ ...record, trace: trace("00f067aa0ba902b8") });
  metrics.ended({ ...record, durationMs: 90_000 });
  const { contentType, body } = await metrics.scrape(OPEN_METRICS);
  expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(body.endsWith("\n# EOF\n")).toBe(true);
  expect(body).toMatch(
    /^sluice_request_duration_seconds_bucket\{le="0\.005",slot="a",version="v1"\} 2 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b8"\} 0\.003 \d{10}\.\d{3}$/m,
  );
  expect(body.match(/trace_id/g)?.length).toBe(2);
  expect(body).toContain("# TYPE sluice_requests_accepted counter\nsluice_requests_accepted_total 0\n");
  const plain = await metrics.scrape();
  expect(plain.body).not.toContain("trace_id");
  expect(plain.body).toContain("# TYPE sluice_requests_accepted_total counter");
});

test.each([
  ["text/plain", false],
  ["*/*", false],
  ["application/openmetrics-text;q=0, text/plain", false],
  ["text/plain;q=0.5, Application/OpenMetrics-Text; version=0.0.1; q=0.75", true],
])("Accept: %s", async (accept, isOpen) => {
  const { contentType } = await setUp().metrics.scrape(accept);
  expect(contentType.startsWith("application/openmetrics-text")).toBe(isOpen);
});
