import { afterEach, expect, test, vi } from "vitest";
import type { SluiceError } from "../errors.ts";
import { createProfiler } from "./profiler.ts";

afterEach(() => void vi.useRealTimers());

const refusal = (taking: Promise<unknown>) => taking.catch((error: SluiceError) => error.code);

test("a snapshot of a heap above 256 MiB is refused, and the next order is taken", async () => {
  let bytes = 268_435_457;
  const profiler = createProfiler(() => bytes);
  expect(await refusal(profiler.take({ kind: "heap" }))).toBe("HEAP_TOO_LARGE");
  bytes = 1;
  expect(JSON.parse(String(await profiler.take({ kind: "cpu", ms: 1 }))).nodes.length).toBeGreaterThan(0);
});

test("a snapshot that nobody reads is given up after a minute, and makes room", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const profiler = createProfiler(() => 1);
  const unread = await profiler.take({ kind: "heap" });
  if (typeof unread === "string") throw new Error("a snapshot is a stream");
  const closed = new Promise((resolve) => unread.once("close", resolve));
  vi.advanceTimersByTime(59_999);
  expect(await refusal(profiler.take({ kind: "allocations", ms: 1 }))).toBe("PROFILING");
  vi.advanceTimersByTime(1);
  await closed;
  expect(typeof (await profiler.take({ kind: "allocations", ms: 1 }))).toBe("string");
});
