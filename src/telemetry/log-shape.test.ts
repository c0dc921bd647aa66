// Loki takes the log as it is: a line is one JSON object with an RFC 3339 time and a level that it knows, and `| json` makes a
// label of each field.

import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createAccessLog } from "./access-log.ts";
import { EVENT_TYPES, type EventType } from "./event-types.ts";
import { createTimeline } from "./events.ts";
import { createLog } from "./log.ts";

/** What Loki and Grafana colour lines by. */
const LEVELS = ["trace", "debug", "info", "warn", "error"];
/** Loki's own limit of a line (limits_config.max_line_size). */
const MOST_LINE_BYTES = 262_144;

test("every event, every request and every error is a line that Loki takes and takes apart", async () => {
  const destination = new PassThrough();
  const log = createLog({ level: "trace", destination });
  const timeline = createTimeline({
    log,
    now: () => 1.5,
    wallClock: () => new Date(0),
    traceOf: ({ slot }) => (slot === "a" ? "4bf92f3577b34da6a3ce929d0e0e4736" : undefined),
  });
  for (const type of Object.keys(EVENT_TYPES) as EventType[])
    timeline.emit({
      type,
      slot: "a",
      message: "line one\nline two \u2028",
      details: { "odd.name-1": "x\ty", at: 1 },
    });
  createAccessLog(
    log,
    true,
  )({
    requestId: "r",
    method: "GET",
    target: `/${"ü".repeat(100_000)}?secret=1`,
    ending: "failed",
    code: "APP_CLOSED",
    status: 502,
    generation: 1,
    slot: "b",
    version: 'v"1',
    written: true,
    replayed: true,
    kind: "request",
    heldMs: 1,
    durationMs: 2,
    firstByteMs: 1,
    client: "::1",
    cause: "reset\r\n{}",
  });
  log.error({ event: "trouble", err: new Error("a\nb", { cause: new Error("c") }) }, "it broke");
  destination.end();
  const lines = (await text(destination)).trimEnd().split("\n");
  expect(lines.length).toBe(Object.keys(EVENT_TYPES).length + 2);
  for (const line of lines) {
    expect(Buffer.byteLength(line)).toBeLessThan(MOST_LINE_BYTES);
    const { level, time, event, message, err, ...fields } = JSON.parse(line);
    expect(LEVELS).toContain(level);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect([typeof event, typeof message]).toEqual(["string", "string"]);
    // An error is the one field that has fields of its own: err_type, err_message, err_stack.
    if (err !== undefined) for (const value of Object.values(err)) expect(typeof value).toBe("string");
    for (const value of Object.values(fields))
      expect(["string", "number", "boolean"]).toContain(typeof value);
  }
  const traced = lines.filter((line) => JSON.parse(line).traceId === "4bf92f3577b34da6a3ce929d0e0e4736");
  expect(traced.length).toBeGreaterThan(40);
});
