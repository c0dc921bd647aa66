import { describe, expect, it } from "vitest";
import type { TimelineEvent } from "./api/backend.ts";
import { createTickets, type Tickets } from "./drain/tickets.ts";
import { type FarewellParts, sayFarewell } from "./farewell.ts";

function partsThatFail(failing: string): {
  parts: FarewellParts & { tickets: Tickets };
  done: string[];
  defects: string[];
} {
  const done: string[] = [];
  const defects: string[] = [];
  const act = (what: string) => {
    done.push(what);
    if (what === failing) throw new Error("broken");
  };
  const closing = (what: string) => async () => act(what);
  const parts = {
    conductor: { stop: () => act("conductor") },
    probing: { stop: () => act("probing") },
    engine: { close: closing("engine"), destroy: () => act("destroy") },
    lifelines: { closeAll: () => act("lifelines") },
    servers: { control: { close: closing("control") }, ops: { close: closing("ops") } },
    tickets: createTickets(() => 0),
    timeline: {
      emit(fact: { type: string }) {
        act(fact.type);
        return {} as TimelineEvent;
      },
      close: () => act("timeline"),
    },
    hintFile: { written: closing("hint file") },
    log: { flush: closing("log") },
    onDefect: (error: Error, what: string) => defects.push(`${what}: ${error.message}`),
  };
  return { parts, done, defects };
}

const ORDER = [
  "conductor",
  "probing",
  "engine",
  "exit",
  "hint file",
  "lifelines",
  "control",
  "ops",
  "timeline",
  "log",
];

describe("the farewell", () => {
  it.each(ORDER)(
    "ends everything, ops last of the listeners, although the end of %s fails",
    async (failing) => {
      const { parts, done, defects } = partsThatFail(failing);
      await sayFarewell(parts, 0);
      expect(done).toEqual(ORDER);
      expect(defects).toHaveLength(1);
    },
  );

  it("exits with 70 when something had to be cut on the way", async () => {
    const { parts } = partsThatFail("");
    const ticket = parts.tickets.enter();
    const engine = { close: async () => void ticket.leave("deadline"), destroy: () => {} };
    expect(await sayFarewell({ ...parts, engine }, 0)).toBe(70);
    expect(await sayFarewell({ ...parts, engine }, 0)).toBe(0);
  });

  it("does not wait for a volume that hangs", async () => {
    const { parts, done } = partsThatFail("");
    const hintFile = { written: () => new Promise<void>(() => {}) };
    expect(await sayFarewell({ ...parts, hintFile }, 0)).toBe(0);
    expect(done).toEqual(ORDER.filter((what) => what !== "hint file"));
  });

  it("cuts clients that stay", async () => {
    const { parts, done } = partsThatFail("");
    const gone = Promise.withResolvers<void>();
    await sayFarewell({ ...parts, engine: { close: () => gone.promise, destroy: gone.resolve } }, 0);
    expect(done).toEqual(ORDER.filter((what) => what !== "engine"));
  });
});
