import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { RequestBody as StandardBody } from "./standard/request-body.ts";
import { FieldLines } from "./wire/field-lines.ts";
import { RequestBody as WireBody } from "./wire/request-body.ts";

const LENGTH = 5_000;
const SENT = Buffer.from(Array.from({ length: LENGTH }, (_, i) => i % 251));
const limits = { replayBodyBytes: 64 * 1024, maxHeadBytes: 1024, bodyTimeoutMs: 60_000 };

it("a body that had come byte by byte was kept in as many parts, at a hundred times its size (wire)", () => {
  const body = new WireBody(LENGTH, true, limits, new FieldLines(1));
  for (let at = 0; at < LENGTH; at++) {
    body.take(Buffer.from(SENT.subarray(at, at + 1)), 0, 1);
    body.own();
  }
  const parts = body.attach({ write: () => true });
  expect(parts.length).toBeLessThan(100);
  expect(Buffer.concat(parts)).toEqual(SENT);
});

it("a body that had come byte by byte was kept in as many parts, at a hundred times its size (standard, HTTP/2)", async () => {
  const body = new StandardBody(
    Readable.from(Array.from(SENT, (byte) => Buffer.from([byte]))),
    limits,
    false,
    () => {},
  );
  await new Promise<void>((resolve) => {
    const more = body.pour({ take: () => true, end: resolve, drop: () => {} });
    more();
  });
  const again: Buffer[] = [];
  body.pour({ take: (part) => again.push(part) > 0, end: () => {}, drop: () => {} });
  expect(again.length).toBeLessThan(100);
  expect(Buffer.concat(again)).toEqual(SENT);
});
