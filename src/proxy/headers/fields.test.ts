import { describe, expect, it } from "vitest";
import { keep, listOf, valuesOf } from "./fields.ts";

const FIELDS = Object.freeze(["Via", "1.1 a, 1.1 b", "X", "", "VIA", " ,,1.1 c\t, "]);

describe("fields", () => {
  it("are found in any case, one value a line, in order", () => {
    expect(valuesOf(FIELDS, "via")).toEqual(["1.1 a, 1.1 b", " ,,1.1 c\t, "]);
    expect(valuesOf(FIELDS, "x")).toEqual([""]);
    expect(valuesOf(FIELDS, "1.1 a, 1.1 b")).toEqual([]);
  });

  it("are read as one list over all lines, without empty members (RFC 9110 5.6.1)", () => {
    expect(listOf(FIELDS, "via")).toEqual(["1.1 a", "1.1 b", "1.1 c"]);
    expect(listOf(FIELDS, "x")).toEqual([]);
  });

  it("are kept as they came", () => {
    expect(keep(FIELDS, (name, value) => name !== "x" && value !== "")).toEqual([
      ...FIELDS.slice(0, 2),
      ...FIELDS.slice(4),
    ]);
  });
});
