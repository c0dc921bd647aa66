import { expect, test } from "vitest";
import { createVersions } from "./versions.ts";

test("the newest eight versions keep their counts; older ones are folded, and nothing is lost", () => {
  const versions = createVersions(
    () => ({ count: 0 }),
    (from, into) => {
      into.count += from.count;
    },
  );
  for (let version = 1; version <= 12; version++) {
    for (let request = 0; request < version; request++) versions.of(`v${version}`).count++;
  }
  const read = new Map([...versions.read()].map(([version, { count }]) => [version, count]));
  expect([...read.keys()]).toEqual(["v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "other"]);
  expect(read.get("other")).toBe(1 + 2 + 3 + 4);
  expect(read.get("v12")).toBe(12);
});
