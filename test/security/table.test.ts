import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CHAPTERS, nameOf } from "./attacks/corpus.ts";
import { PAGE, withTables } from "./table.ts";

test("docs/security-tests.md lists the attacks that are run", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(withTables(page), "run: node test/security/table.ts").toBe(page);
});

test("no attack is run twice", () => {
  const all = CHAPTERS.flatMap(({ attacks }) => attacks);
  const names = all.map(nameOf);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  const bytes = all.map((one) => one.bytes);
  expect(all.filter((one, i) => bytes.indexOf(one.bytes) !== i).map(nameOf)).toEqual([]);
});
