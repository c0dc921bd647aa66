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
  [["--scenario", "swich"], /--scenario swich: one of steady/],
  [["--rate", "0"], /--rate 0: a whole number from 1/],
  [["--rate", "1e3"], /--rate 1e3/],
  [["--url", "https://x/"], /http:\/\//],
  [["--url", "http://x/", "--long"], /do not go with it/],
  [["--duration", "5"], /needs --url/],
  [["--short", "--long"], /exclude/],
  [["--output", "xml"], /table or json/],
  [["--nonsense"], /nonsense/],
  [["switch"], /switch/],
])("refuses %j", (argv, problem) => {
  expect(readArguments(argv)).toEqual({ do: "refuse", problem: expect.stringMatching(problem) });
});

it("names every scenario in its help", () => {
  for (const { name } of SCENARIOS) expect(HELP).toContain(name);
  expect(readArguments(["--help"])).toEqual({ do: "help" });
});
