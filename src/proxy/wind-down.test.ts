import { describe, expect, it } from "vitest";
import { WindDown } from "./wind-down.ts";

describe("wind-down", () => {
  function share(windDown: WindDown): number {
    let last = 0;
    for (let id = 1; id <= 1000; id++) if (windDown.isLast(id)) last++;
    return last / 1000;
  }

  it("tells a share of the connections that rises evenly from none to all, and none after its end", () => {
    let now = 0;
    const windDown = new WindDown(() => now);
    expect(share(windDown)).toBe(0);
    expect(windDown.begin(5000)).toBe(5000);
    for (const at of [300, 750, 1500, 2900]) {
      now = at;
      expect(share(windDown)).toBeCloseTo(at / 3000, 2);
    }
    // Whoever asks in the last two seconds is told: who is closed as idle at the end has not asked for so long.
    for (const at of [3000, 4000, 5000, 6000]) {
      now = at;
      expect(share(windDown)).toBe(1);
    }
    windDown.end();
    expect(share(windDown)).toBe(0);
  });

  it("where the time is short, takes two fifths of it to tell all", () => {
    let now = 0;
    const windDown = new WindDown(() => now);
    windDown.begin(2000);
    now = 400;
    expect(share(windDown)).toBeCloseTo(0.5, 2);
    now = 800;
    expect(share(windDown)).toBe(1);
  });

  it("only ever gets shorter", () => {
    const windDown = new WindDown(() => 0);
    windDown.begin(1000);
    expect(windDown.begin(5000)).toBe(1000);
    expect(windDown.begin(10)).toBe(10);
  });
});
