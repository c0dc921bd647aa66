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
    for (const at of [100, 250, 500, 900]) {
      now = at;
      expect(share(windDown)).toBeCloseTo(at / 1000, 2);
    }
    now = 1000;
    expect(share(windDown)).toBe(1);
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
