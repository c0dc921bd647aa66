import { expect, test } from "vitest";
import { chooseCores, readCoreList } from "./cores.ts";

test("a kernel's list of cores", () => {
  expect(readCoreList("0-2,5,7-8\n")).toEqual([0, 1, 2, 5, 7, 8]);
  expect(() => readCoreList("0-")).toThrow(RangeError);
});

test("the proxy gets the last core, load and app the first, unless told otherwise", () => {
  expect(chooseCores([0, 1, 2, 3], undefined)).toEqual({ proxy: 3, load: 0 });
  expect(chooseCores([0, 1, 2, 3], "1,2")).toEqual({ proxy: 1, load: 2 });
});

test("two cores are needed, of those that are allowed", () => {
  expect(() => chooseCores([4], undefined)).toThrow("two cores are needed");
  expect(() => chooseCores([0, 1], "1,1")).toThrow("two cores are needed");
  expect(() => chooseCores([0, 1], "0,7")).toThrow("core 7 is not among");
});
