import { describe, expect, it } from "vitest";
import { type FarewellParts, sayFarewell } from "./farewell.ts";

function partsThatFail(failing: string): { parts: FarewellParts; done: string[]; defects: string[] } {
  const done: string[] = [];
  const defects: string[] = [];
  const act = (what: string) => {
    done.push(what);
    if (what === failing) throw new Error("broken");
  };
  const closing = (what: string) => async () => act(what);
  const parts: FarewellParts = {
    conductor: { stop: () => act("conductor") },
    probing: { stop: () => act("probing") },
    engine: { close: closing("engine"), destroy: () => act("destroy") },
    lifelines: { closeAll: () => act("lifelines") },
    servers: { control: { close: closing("control") }, ops: { close: closing("ops") } },
    timeline: { close: () => act("timeline") },
    log: { flush: closing("log") },
    onDefect: (error, what) => defects.push(`${what}: ${error.message}`),
  };
  return { parts, done, defects };
}

const ORDER = ["conductor", "probing", "engine", "lifelines", "control", "ops", "timeline", "log"];

describe("the farewell", () => {
  it.each(ORDER)(
    "ends everything, ops last of the listeners, although the end of %s fails",
    async (failing) => {
      const { parts, done, defects } = partsThatFail(failing);
      await sayFarewell(parts);
      expect(done).toEqual(ORDER);
      expect(defects).toHaveLength(1);
    },
  );

  it("cuts clients that stay", async () => {
    const { parts, done } = partsThatFail("");
    const gone = Promise.withResolvers<void>();
    await sayFarewell({ ...parts, engine: { close: () => gone.promise, destroy: gone.resolve } });
    expect(done).toEqual(ORDER.filter((what) => what !== "engine"));
  });
});
