import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { RequestRecord } from "../proxy/record.ts";
import { createAccessLog } from "./access-log.ts";
import { createLog } from "./log.ts";

const record: RequestRecord = {
  requestId: "id",
  method: "GET",
  target: "/orders/7?token=secret",
  ending: "answered",
  code: undefined,
  status: 200,
  generation: 3,
  slot: "a",
  version: "v1",
  written: true,
  replayed: false,
  kind: "request",
  heldMs: 0,
  durationMs: 12.345678,
  firstByteMs: 2,
  client: "10.0.0.1",
  cause: undefined,
};

async function logged(enabled: boolean, ...records: RequestRecord[]): Promise<Record<string, unknown>[]> {
  const destination = new PassThrough();
  const access = createAccessLog(createLog({ level: "info", destination }), enabled);
  for (const one of records) access(one);
  destination.end();
  return (await text(destination))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test("one line for each ended request, without the query of its target", async () => {
  const [line] = await logged(true, record);
  expect(line).toEqual({
    level: "info",
    time: expect.any(String),
    event: "request",
    requestId: "id",
    method: "GET",
    target: "/orders/7",
    status: 200,
    ending: "answered",
    slot: "a",
    generation: 3,
    version: "v1",
    durationMs: 12.346,
    firstByteMs: 2,
    client: "10.0.0.1",
    message: "request",
  });
});

test("a line says why a request failed and what became of it on the way", async () => {
  const [line] = await logged(true, {
    ...record,
    ending: "failed",
    code: "APP_CLOSED",
    status: 502,
    heldMs: 40,
    replayed: true,
    kind: "websocket",
    cause: "read ECONNRESET",
    target: `/${"x".repeat(5_000)}`,
  });
  expect(line).toMatchObject({
    code: "APP_CLOSED",
    heldMs: 40,
    replayed: true,
    kind: "websocket",
    cause: "read ECONNRESET",
  });
  expect(String(line?.target).length).toBe(1_025);
});

test("off, it logs nothing", async () => {
  expect(await logged(false, record)).toEqual([]);
});
