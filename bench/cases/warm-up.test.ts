import { expect, test } from "vitest";
import type { RunningPeer } from "../stage/stage.ts";
import { warmUp } from "./warm-up.ts";

/** How many passes of a second the warm-up of `wanted` CPU seconds takes, where each uses `share` of the core. */
async function passes(wanted: number, share: number): Promise<number> {
  let seconds = 0;
  const peer: RunningPeer = {
    port: 1,
    url: "",
    startMs: 0,
    cpu: () => 50_000 * Math.sign(share) + seconds * share * 1e6,
    memory: () => ({ rss: 0, pss: 0 }),
    stop: () => Promise.resolve(),
  };
  const pace = { seconds: 1, warmUpSeconds: wanted, rate: 1 };
  await warmUp(peer, { pace }, async (more) => {
    seconds += more;
  });
  return seconds;
}

test("warm-up ends with the CPU time, not with the time", async () => {
  expect(await passes(2, 1)).toBe(2);
  expect(await passes(2, 0.95)).toBe(2);
  expect(await passes(2, 0.5)).toBe(4);
});

test("warm-up ends where a proxy gets next to no CPU time, and at once where there is no proxy", async () => {
  expect(await passes(2, 0.01)).toBe(10);
  expect(await passes(2, 0)).toBe(1);
});
