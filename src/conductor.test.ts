import { afterEach, describe, expect, it, vi } from "vitest";
import { type Conductor, createConductor } from "./conductor.ts";
import type { Effect } from "./lifecycle/effects.ts";
import type { Settings } from "./lifecycle/state.ts";

const SETTINGS: Settings = {
  slots: ["a"],
  handshake: "required",
  probe: "off",
  probeFailures: 3,
  gates: [],
  switch: "auto",
  graceMs: 30_000,
  drainDelayMs: 0,
  slotDrainMs: 10_000,
  exitReserveMs: 5_000,
  holdTimeoutMs: 15_000,
};
const HANDSHAKE = { type: "handshake", slot: "a", version: "v1", instance: "i", signals: [] } as const;

/** One that does nothing about what it decides. */
function createIdle(settings: Settings): Conductor {
  return createConductor({
    settings,
    hint: undefined,
    now: () => 0,
    onRoute() {},
    perform() {},
    onDefect: (error) => {
      throw error;
    },
  });
}

describe("the conductor", () => {
  let conductor: Conductor;
  afterEach(() => conductor.stop());

  it("performs what is left, and what was queued, when one effect or the route throws", () => {
    const done: Effect["do"][] = [];
    const defects: string[] = [];
    conductor = createConductor({
      settings: SETTINGS,
      hint: undefined,
      now: () => 0,
      onRoute() {
        throw new Error("no route");
      },
      perform(effect) {
        done.push(effect.do);
        if (effect.do === "accept") conductor.dispatch({ type: "signal", signal: "SIGINT" });
        if (effect.do === "accept" || effect.do === "emit") throw new Error("broken");
      },
      onDefect: (error, what) => defects.push(`${what}: ${error.message}`),
    });
    conductor.dispatch(HANDSHAKE);
    expect(defects).toContain("the new route failed: no route");
    expect(defects).toContain("the effect accept failed: broken");
    expect(done).toContain("save-hint");
    expect(done).toContain("wind-down");
    expect(conductor.state.pod.phase).toBe("leaving");
  });

  it("hands an order's refusal to whoever gave it", () => {
    conductor = createIdle(SETTINGS);
    expect(() => conductor.dispatch({ type: "promote", slot: "a" })).toThrow("No app has shaken hands");
  });

  it("an event that came before the timer had its turn put off what was due", () => {
    conductor = createIdle({ ...SETTINGS, gates: ["config"] });
    conductor.dispatch(HANDSHAKE);
    const gate = { type: "gate", slot: "a", gate: "config", open: true, reason: undefined } as const;
    conductor.dispatch({ ...gate, ttlMs: 20 });
    const putOff = vi.spyOn(globalThis, "clearTimeout");
    conductor.dispatch({ type: "idle", generation: conductor.state.slots[0]!.generation!.id });
    expect(putOff).not.toHaveBeenCalled();
    conductor.dispatch({ ...gate, ttlMs: 10 });
    expect(putOff).toHaveBeenCalledOnce();
    putOff.mockRestore();
  });
});
