import { expect, test } from "vitest";
import { parseShare } from "./share.ts";

test.each([
  ["1", 10, 1],
  ["3", 10, 3],
  ["25%", 10, 2],
  ["10%", 3, 1],
  ["100%", 7, 7],
])("%s of %i Pods is %i", (text, pods, many) => expect(parseShare(text)?.(pods)).toBe(many));

test.each(["", "0", "0%", "-1", "1.5", "101%", "all", "5 %"])("%j is no share", (text) =>
  expect(parseShare(text)).toBeUndefined(),
);
