// The load test's stage as a test's: real apps that write down what they execute, a strict client that tries nothing twice,
// and three accounts that have to agree in the end.

import { test as base, expect } from "vitest";
import type { Account } from "../../loadtest/account.ts";
import type { Mix } from "../../loadtest/mix.ts";
import type { SluiceProcess } from "../../loadtest/sluice-process.ts";
import { openStage, type SlotName, type Stage } from "../../loadtest/stage.ts";
import type { StrictClient } from "../../loadtest/strict-client.ts";
import type { Happening } from "../../loadtest/timeline.ts";

const WAIT_MS = 15_000;

/** GETs and POSTs whose answers leave the app in one write. */
export const MIX: Mix = {
  methods: { GET: 0.7, POST: 0.3 },
  upload: [0, 8_192],
  download: [0, 2_048],
  chunked: 0.2,
};

const FLAGS = [
  ["--probe", "tcp"],
  ["--grace", "6s"],
  ["--drain-delay", "500ms"],
  ["--slot-drain", "3s"],
  ["--exit-reserve", "500ms"],
  ["--hold-timeout", "5s"],
];

/** Starts sluice with short durations; `flags` go before them. */
export function beginSluice(
  stage: Stage,
  slots: readonly SlotName[],
  flags: readonly string[] = [],
): Promise<SluiceProcess> {
  const own = FLAGS.filter(([name]) => !flags.includes(name ?? ""));
  return stage.startSluice(slots, [...own.flat(), ...flags]);
}

/** A load of 16 connections and 300 requests a second. */
export function press(stage: Stage, more: Partial<Parameters<Stage["load"]>[0]> = {}): Promise<StrictClient> {
  return stage.load({ mix: MIX, connections: 16, rate: 300, ...more });
}

/** The first event of that type after the index `since`, of which the rest matches. */
export function eventOf(
  stage: Stage,
  type: string,
  rest: (happening: Happening) => boolean = () => true,
  since = 0,
): Promise<Happening> {
  return stage.sluice.timeline.wait((each) => each.type === type && rest(each), WAIT_MS, since);
}

/** Resolves once the client has so many more entries; there is no event for it. */
export async function answers(client: StrictClient, count: number): Promise<void> {
  const goal = client.entries.length + count;
  while (client.entries.length < goal) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Stops the load; fails unless nothing was lost, wrong, executed twice or disagreed upon. Excuses are for the test to judge. */
export async function settleWell(stage: Stage): Promise<Account> {
  const account = await stage.settle();
  expect(account.lost).toEqual([]);
  expect(account.apart).toEqual([]);
  expect(account.doubled).toEqual([]);
  expect(account.disagreements).toEqual([]);
  expect(account.verified + account.excused.length).toBe(account.begun);
  return account;
}

export const test = base.extend<{ stage: Stage }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the pattern to see what a fixture needs
  stage: async ({}, use) => {
    const stage = await openStage({
      seed: 1,
      engine: "wire",
      faults: undefined,
      excuses: true,
      background: 0,
      answerTimeoutMs: 10_000,
    });
    try {
      await use(stage);
    } finally {
      await stage.close();
    }
  },
});
