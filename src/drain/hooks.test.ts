import { expect, test } from "vitest";
import { createWaiters } from "./hooks.ts";

test("a second caller joins the first, and both are answered together", async () => {
  const hooks = createWaiters<string>();
  const first = hooks.join("a");
  const second = hooks.join("a");
  const other = hooks.join("b");
  expect(hooks.size).toBe(3);
  expect(hooks.answer("a", "drained")).toBe(2);
  expect(await Promise.all([first, second])).toEqual(["drained", "drained"]);
  expect(hooks.size).toBe(1);
  hooks.answer("b", "later");
  expect(await other).toBe("later");
});

test("an answer for nobody is none, and is not kept for those who come later", async () => {
  const hooks = createWaiters<string>();
  expect(hooks.answer("a", "early")).toBe(0);
  const late = hooks.join("a");
  hooks.answer("a", "in time");
  expect(await late).toBe("in time");
});

test("a caller that was refused leaves nobody waiting", () => {
  const hooks = createWaiters<string>();
  hooks.join("a");
  hooks.part("a");
  expect(hooks.size).toBe(0);
  expect(hooks.answer("a", "nobody")).toBe(0);
});
