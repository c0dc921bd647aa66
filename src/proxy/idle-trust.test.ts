import { describe, expect, it } from "vitest";
import { IdleTrust, IdleTrusts } from "./idle-trust.ts";

function proven(idleMs: number): IdleTrust {
  const trust = new IdleTrust(30_000);
  for (let i = 0; i < 32; i++) trust.survived(idleMs);
  return trust;
}

describe("idle trust", () => {
  it("starts at nothing and needs more than a few survivals", () => {
    const trust = new IdleTrust(30_000);
    expect(trust.windowMs).toBe(0);
    for (let i = 0; i < 31; i++) trust.survived(5000);
    expect(trust.windowMs).toBe(0);
    trust.survived(1);
    expect(trust.windowMs).toBe(500);
  });

  it("is a tenth of the longest survival, at most a second", () => {
    expect(proven(50).windowMs).toBe(5);
    expect(proven(60_000).windowMs).toBe(1000);
  });

  it("is a tenth of the shortest idle close at most", () => {
    const trust = proven(20_000);
    trust.closedByApp(5000);
    expect(trust.windowMs).toBe(500);
    trust.closedByApp(2000);
    expect(trust.windowMs).toBe(200);
  });

  it("is gone for good once the app has closed a young connection", () => {
    const trust = proven(5000);
    trust.closedByApp(5000);
    expect(trust.windowMs).toBe(500);
    trust.closedByApp(999);
    for (let i = 0; i < 1000; i++) trust.survived(5000);
    expect(trust.windowMs).toBe(0);
  });

  it("retires connections at half of the shortest idle close, not below a second", () => {
    const trust = new IdleTrust(30_000);
    expect(trust.mostIdleMs).toBe(30_000);
    trust.closedByApp(5000);
    expect(trust.mostIdleMs).toBe(2500);
    trust.closedByApp(10);
    expect(trust.mostIdleMs).toBe(1000);
  });

  it("is kept for each generation, and forgotten for those long gone", () => {
    const trusts = new IdleTrusts(30_000);
    const first = trusts.of(1);
    for (let generation = 2; generation <= 16; generation++) expect(trusts.of(generation)).not.toBe(first);
    expect(trusts.of(1)).toBe(first);
    trusts.of(17);
    expect(trusts.of(1)).not.toBe(first);
  });
});
