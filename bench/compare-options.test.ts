import { expect, test } from "vitest";
import { readCompareOptions } from "./compare-options.ts";

test("without arguments it is everything", () => {
  const options = readCompareOptions([]);
  expect(options?.peers.map(({ name }) => name)).toContain("sluice-wire");
  expect(options?.cases.length).toBeGreaterThan(10);
  expect(options?.json).toBeUndefined();
});

test("names choose, in the order of the tables", () => {
  const options = readCompareOptions(["--only", "post-16k, get", "--proxies", "nginx,sluice-wire"]);
  expect(options?.cases.map(({ name }) => name)).toEqual(["get", "post-16k"]);
  expect(options?.peers.map(({ name }) => name)).toEqual(["sluice-wire", "nginx"]);
});

test("JSON goes to standard output or into a file", () => {
  expect(readCompareOptions(["--output", "json"])?.json).toEqual({ file: undefined });
  expect(readCompareOptions(["--output", "json", "a.json"])?.json).toEqual({ file: "a.json" });
});

test("the command that is told measures the same, and writes nothing", () => {
  const argv = ["--rounds", "2", "--output", "json", "a.json", "--only", "get", "--plot", "a.svg"];
  expect(readCompareOptions(argv)?.command).toBe("npm run bench -- --only get --rounds 2");
});

test.each([
  [["--only", "gett"], "--only: there is no gett; did you mean get?"],
  [["--proxies", "squid"], "--proxies: there is no squid; it takes sluice-wire, "],
  [["--rounds", "0"], "--rounds takes a whole number from 1 to 1000, not 0"],
  [["--seconds", "1.5"], "--seconds takes a whole number"],
  [["--output", "xml"], "--output takes table, json, not xml"],
  [["--round", "3"], "did you mean --rounds?"],
  [["a.json"], "a.json: a FILE goes with --output json"],
  [["--output", "json", "a.json", "b.json"], "one argument too many: b.json"],
])("%j is refused", (argv, problem) => {
  expect(() => readCompareOptions(argv)).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => readCompareOptions(argv)).toThrow(problem);
});

test("help asks for nothing", () => {
  expect(readCompareOptions(["--help"])).toBeUndefined();
});
