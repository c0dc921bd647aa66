import { expect, test } from "vitest";
import { createRequestIds } from "./request-ids.ts";

test("ids are 32 hexadecimal digits, and none comes twice", () => {
  const [one, other] = [createRequestIds(), createRequestIds()];
  const ids = Array.from({ length: 1000 }, () => [one(), other()]).flat();
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(ids).size).toBe(2000);
});
