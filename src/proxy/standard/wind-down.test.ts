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
    expect(windDown.begin(1000)).toBe(1000);
    for (const at of [100, 250, 500, 700]) {
      now = at;
      expect(share(windDown)).toBeCloseTo(at / 800, 2);
    }
    // Whoever asks in the last fifth is told: who is closed as idle at the end has not asked for so long.
    for (const at of [800, 900, 1000, 2000]) {
      now = at;
      expect(share(windDown)).toBe(1);
    }
    windDown.end();
    expect(share(windDown)).toBe(0);
  });

  it("only ever gets shorter", () => {
    const windDown = new WindDown(() => 0);
    windDown.begin(1000);
    expect(windDown.begin(5000)).toBe(1000);
    expect(windDown.begin(10)).toBe(10);
  });
});
