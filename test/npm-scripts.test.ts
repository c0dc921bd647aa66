// The command lines of the npm scripts that take one.

import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, startNode } from "./sluice.fixture.ts";

const SCRIPTS = [
  ["fuzz", "fuzz/main.ts", "--rums", "did you mean --runs?"],
  ["judges", "test/judges/main.ts", "h12", "did you mean h11?"],
  ["bench", "bench/bench.ts", "--round", "did you mean --rounds?"],
] as const;

const run = (program: string, word: string) => startNode([join(ROOT, program), word]).finished;

test.each(SCRIPTS)("npm run %s refuses what it does not know, and says where to look", async (...row) => {
  const [name, program, word, hint] = row;
  const { exitCode, out, err } = await run(program, word);
  expect([exitCode, out]).toEqual([64, ""]);
  expect(err.split("\n")).toEqual([expect.stringContaining(hint), `See \`npm run ${name} -- --help\`.`, ""]);
});

test.each(SCRIPTS)("npm run %s has a --help, with exit code 0", async (name, program) => {
  const { exitCode, out, err } = await run(program, "--help");
  expect([exitCode, err]).toEqual([0, ""]);
  expect(out).toMatch(new RegExp(`^Usage: npm run ${name} -- `));
});
