// Whatever clients and apps send, in whatever pieces, and wherever they break off: nothing is thrown, every request ends in
// exactly one way, and who comes after is served.

import { describe, expect, it } from "vitest";
import type { CreateEngine } from "./stage.ts";
import { letLoose } from "./wilderness.ts";

export function fuzzSuite(create: CreateEngine, seeds: readonly number[]): void {
  describe("fuzz", () => {
    it.each(seeds)("nothing breaks, hangs or goes uncounted (seed %i)", async (seed) => {
      const { hanging, accepted, ended, recorded, sane } = await letLoose(create, seed);
      expect(hanging).toBe(0);
      expect([ended, recorded]).toEqual([accepted, accepted]);
      expect(sane).toBe("sane");
    });
  });
}
