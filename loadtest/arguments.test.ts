import { expect, it } from "vitest";
import { HELP, readArguments } from "./arguments.ts";
import { SCENARIOS } from "./scenarios/list.ts";

it("takes the short form by default and everything with --long", () => {
  const short = readArguments([]);
  const long = readArguments(["--long", "--seed", "7", "--rate", "100"]);
  expect(short).toMatchObject({
    do: "scenarios",
    names: SCENARIOS.filter((each) => each.short).map(({ name }) => name),
  });
  expect(long).toMatchObject({
    do: "scenarios",
    names: SCENARIOS.map(({ name }) => name),
    seed: 7,
    engine: "wire",
    sizes: { rate: 100 },
  });
});

it("takes a target", () => {
  expect(readArguments(["--url", "http://127.0.0.1:8080/x", "--fresh", "--output", "json"])).toMatchObject({
    do: "target",
    fresh: true,
    json: true,
    seconds: 10,
  });
});

it.each([
  [["--scenario", "swich"], "--scenario: there is no swich; did you mean switch?"],
  [["--scenario", "kill,everything"], "there is no everything; it takes steady, switch, "],
  [["--rate", "0"], "--rate takes a whole number from 1 to 100000, not 0"],
  [["--rate", "1e3"], "not 1e3"],
  [["--url", "https://x/"], "http://"],
  [["--url", "http://x/", "--long"], "do not go with it"],
  [["--url", "http://x/", "--mix", "widest"], "--mix takes figures, wide, get, not widest"],
  [["--duration", "5"], "needs --url"],
  [["--short", "--long"], "exclude"],
  [["--output", "xml"], "--output takes table, json, not xml"],
  [["--engine", "fast"], "--engine takes wire, standard, not fast"],
  [["--url", "http://x/", "--engine", "wire"], "do not go with it"],
  [["--scenarios", "switch"], "--scenarios: expected a flag that exists; did you mean --scenario?"],
  [["switch"], "switch"],
])("refuses %j", (argv, problem) => {
  expect(() => readArguments(argv)).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => readArguments(argv)).toThrow(problem);
});

it("names every scenario in its help", () => {
  for (const { name } of SCENARIOS) expect(HELP).toContain(name);
  expect(readArguments(["--help"])).toEqual({ do: "help" });
});
