import { describe, expect, it } from "vitest";
import { requestIdOf } from "./request-id.ts";

describe("the client's request id", () => {
  it("is kept when it is one value of visible ASCII", () => {
    for (const id of ["a", "f3b1-22:7/~", "x".repeat(128)])
      expect(requestIdOf(["x-Request-ID", id])).toBe(id);
  });

  it("is replaced when it is missing, empty, too long, a list, given twice, or unfit for a log", () => {
    expect(requestIdOf([])).toBeUndefined();
    for (const id of ["", "x".repeat(129), "a,b", "a b", "a\tb", "a\n", "é", "\x7f"]) {
      expect(requestIdOf(["X-Request-Id", id]), JSON.stringify(id)).toBeUndefined();
    }
    expect(requestIdOf(["X-Request-Id", "a", "x-request-id", "a"])).toBeUndefined();
  });
});
