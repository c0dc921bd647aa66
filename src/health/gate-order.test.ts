import { expect, test } from "vitest";
import { parseGateOrder } from "./gate-order.ts";

test("an order opens or closes, with a reason and a time to live if given", () => {
  expect(parseGateOrder({ open: true })).toEqual({ open: true, reason: undefined, ttlMs: undefined });
  expect(parseGateOrder({ open: false, reason: "Consul is away", ttl: "30s", other: 1 })).toEqual({
    open: false,
    reason: "Consul is away",
    ttlMs: 30_000,
  });
});

test.each([
  ["1s", 1_000],
  ["1m30s", 90_000],
  ["24h", 86_400_000],
])("a time to live of %s is %d ms", (ttl, ttlMs) => {
  expect(parseGateOrder({ open: true, ttl }).ttlMs).toBe(ttlMs);
});

test.each([
  ["nothing", undefined, "must be a JSON object"],
  ["a list", [], "must be a JSON object"],
  ["no state", {}, '"open" must be true or false'],
  ["a state that is a word", { open: "true" }, '"open" must be true or false'],
  ["a reason of two lines", { open: true, reason: "a\nb" }, '"reason"'],
  ["a reason without end", { open: true, reason: "x".repeat(257) }, '"reason"'],
  ["a time to live without a unit", { open: true, ttl: "30" }, '"ttl"'],
  ["a time to live that is a number", { open: true, ttl: 30 }, '"ttl"'],
  ["a time to live that is too short", { open: true, ttl: "999ms" }, '"ttl"'],
  ["a time to live that is too long", { open: true, ttl: "25h" }, '"ttl"'],
])("%s is refused", (_, body, problem) => {
  expect(() => parseGateOrder(body)).toThrow(expect.objectContaining({ code: "BAD_BODY" }));
  expect(() => parseGateOrder(body)).toThrow(problem);
});

test("every problem is told at once", () => {
  expect(() => parseGateOrder({ ttl: "soon", reason: 1 })).toThrow(/"open".*"reason".*"ttl"/);
});
