import { expect, test } from "vitest";
import type { RequestRecord } from "../../proxy/record.ts";
import { requestSpans } from "./request-spans.ts";
import { createRequestTracer, type RequestTracerParts } from "./request-tracer.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const A = { generation: 1, slot: "a", version: "v1", host: "127.0.0.1", port: 8081 };
const B = { generation: 2, slot: "b", version: "v2", host: "127.0.0.1", port: 8082 };

function setUp(more: Partial<RequestTracerParts> = {}) {
  let spans = 0;
  const surplus: number[] = [];
  const newSpanId = () => String(++spans).padStart(16, "0");
  const begin = createRequestTracer({
    ratio: 1,
    random: () => 0.5,
    ids: { trace: () => "a".repeat(32), span: newSpanId },
    now: () => 1_000,
    onSurplus: () => surplus.push(1),
    ...more,
  });
  return { begin, newSpanId, surplus };
}

const traced = (flags: string) => ["Host", "x", "TraceParent", `00-${TRACE}-${PARENT}-${flags}`];

test("the caller decides, whatever the share", () => {
  expect(setUp({ ratio: 0 }).begin(traced("01"))).toMatchObject({ traceId: TRACE, parentId: PARENT });
  expect(setUp({ ratio: 1 }).begin(traced("00"))).toBeUndefined();
});

test("where the caller says nothing, or nothing that can be read, the share decides", () => {
  for (const fields of [
    [],
    ["traceparent", "garbage"],
    ["traceparent", `00-${TRACE}-${PARENT}-00`, "traceparent", `00-${TRACE}-${PARENT}-00`],
  ]) {
    expect(setUp({ ratio: 0.5, random: () => 0.5 }).begin(fields)).toBeUndefined();
    expect(setUp({ ratio: 0.5, random: () => 0.49 }).begin(fields)).toMatchObject({
      traceId: "a".repeat(32),
      parentId: undefined,
    });
  }
});

test("whoever sets the flag of every request gets 500 traces a second, and the next second as many", () => {
  let at = 0;
  const { begin, surplus } = setUp({ now: () => at });
  const taken = () => Array.from({ length: 600 }, () => begin(traced("01"))).filter(Boolean).length;
  expect([taken(), surplus.length]).toEqual([500, 100]);
  at = 1_000;
  expect(taken()).toBe(500);
});

test("each attempt is a parent of its own, and the caller's state goes on", () => {
  const { begin } = setUp();
  const trace = begin([...traced("03"), "tracestate", "rojo=1", "Tracestate", "congo=2"])!;
  trace.waits(0);
  trace.boards(1, A);
  const first = trace.fields();
  trace.waits(2);
  trace.boards(3, B);
  const second = trace.fields();
  expect(first).toEqual([
    "traceparent",
    `00-${TRACE}-0000000000000002-03`,
    "tracestate",
    "rojo=1",
    "tracestate",
    "congo=2",
  ]);
  expect(second[1]).toBe(`00-${TRACE}-0000000000000003-03`);
});

test("the state of a trace that cannot be continued ends here", () => {
  const trace = setUp().begin(["traceparent", "garbage", "tracestate", "rojo=1"])!;
  expect(trace.fields()).toEqual(["traceparent", `00-${"a".repeat(32)}-0000000000000001-03`]);
});

const record: RequestRecord = {
  requestId: "id",
  method: "GET",
  target: "/orders?token=secret",
  ending: "answered",
  code: undefined,
  status: 200,
  generation: 2,
  slot: "b",
  version: "v2",
  written: true,
  replayed: true,
  kind: "request",
  heldMs: 40,
  durationMs: 100,
  firstByteMs: 90,
  client: "10.0.0.9",
  cause: undefined,
};

test("the request, its hold and its attempts are spans that fill its time, and no query is among them", () => {
  const { begin, newSpanId } = setUp();
  const trace = begin(traced("01"))!;
  trace.boards(1_000.01, A);
  trace.waits(1_050);
  trace.boards(1_090, B);
  trace.answers(1_095);
  const spans = requestSpans(record, trace, 5_000, newSpanId);
  expect(spans.map(({ name, kind, from, to }) => [name, kind, from, to])).toEqual([
    ["GET", "server", 6_000, 6_100],
    ["send to a", "client", 6_000.01, 6_050],
    ["hold", "internal", 6_050, 6_090],
    ["replay to b", "client", 6_090, 6_100],
  ]);
  const [root, ...parts] = spans;
  expect(root).toMatchObject({ traceId: TRACE, parentId: PARENT, isParentRemote: true, failure: undefined });
  for (const part of parts) expect(part).toMatchObject({ traceId: TRACE, parentId: root?.spanId });
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4);
  expect(spans[1]?.failure).toBe("the attempt failed");
  expect(spans[3]).toMatchObject({
    moments: [{ name: "first byte", at: 6_095 }],
    attributes: { "sluice.slot": "b", "sluice.version": "v2", "http.request.resend_count": 1 },
  });
  expect(root?.attributes).toMatchObject({ "url.path": "/orders", "http.response.status_code": 200 });
  expect(JSON.stringify(spans)).not.toContain("secret");
});

test("a failure is one for who failed: 5xx and no answer, but neither 404 nor a client that left", () => {
  const failure = (more: Partial<RequestRecord>) => {
    const { begin, newSpanId } = setUp();
    return requestSpans({ ...record, ...more }, begin([])!, 0, newSpanId)[0]?.failure;
  };
  expect(failure({ status: 404 })).toBeUndefined();
  expect(failure({ ending: "client_aborted", status: 499, code: "CLIENT_LEFT" })).toBeUndefined();
  expect(failure({ status: 503 })).toBe("status 503");
  expect(failure({ ending: "refused", code: "HOLD_FULL", status: 503 })).toBe("HOLD_FULL");
  expect(failure({ ending: "failed", code: "APP_CLOSED", status: 200, cause: "reset" })).toBe("reset");
  expect(failure({ ending: "deadline", code: "CUT_AT_DEADLINE", status: 200 })).toBe("CUT_AT_DEADLINE");
});

test("a method that nobody knows is no name", () => {
  const { begin, newSpanId } = setUp();
  const [root] = requestSpans({ ...record, method: "SECRET" }, begin([])!, 0, newSpanId);
  expect(root).toMatchObject({ name: "HTTP", attributes: { "http.request.method": "_OTHER" } });
});
