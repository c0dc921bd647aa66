import { expect, it } from "vitest";
import { createPortSource } from "./free-port.ts";

it("two who ask at the same time never get the same port, though they know nothing of each other", async () => {
  const sources = Array.from({ length: 40 }, createPortSource);
  const ports = await Promise.all(sources.flatMap((source) => Array.from({ length: 10 }, source)));
  expect(new Set(ports).size).toBe(400);
});
