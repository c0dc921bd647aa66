import { afterEach, expect, it, vi } from "vitest";
import { createOddityLog } from "./oddity-log.ts";

afterEach(() => vi.useRealTimers());

it("tells of a client at once, and of a thousand more in one line", () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const tell = createOddityLog({ warn: (_fields, message) => lines.push(message) });
  tell("TLS on the plain port", "10.0.0.1");
  expect(lines).toEqual(["a client speaks TLS on the plain port"]);
  for (let i = 0; i < 1000; i++) tell("TLS on the plain port", "10.0.0.2");
  vi.advanceTimersByTime(60_000);
  expect(lines.slice(1)).toEqual(["1000 more of what was not HTTP"]);
  tell("TLS on the plain port", "10.0.0.1");
  expect(lines.length).toBe(3);
});
