// The account must add up after every test: what sluice accepted has ended, one way each, or is in flight.

import { expect } from "vitest";
import { exitAccount, metricsAccount } from "../../loadtest/sluice-process.ts";
import type { Sidecar } from "./sidecar.ts";

interface Account {
  readonly accepted: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly inFlight: number;
}

/** Fails the test unless the account of a running sluice, or the last one of a sluice that has exited, adds up. */
export async function audit(sidecar: Sidecar): Promise<void> {
  if (!sidecar.child.isRunning) {
    const { code } = await sidecar.child.exited;
    if (code !== 0 && code !== 70) return;
    const account = exitAccount(sidecar.child);
    expect(account, "the exit's entry holds the account").toBeDefined();
    if (account) addsUp(account);
    expect(account?.inFlight, "nothing is in flight after the exit").toBe(0);
    return;
  }
  // Two questions: what happens between them is no disagreement, so it is asked until nothing does.
  for (let attempt = 1; ; attempt++) {
    const before = await accountOf(sidecar);
    const metrics = metricsAccount((await sidecar.ops("/metrics")).body as string);
    const after = await accountOf(sidecar);
    addsUp(before);
    addsUp(metrics);
    if (JSON.stringify(before) !== JSON.stringify(after) && attempt < 20) continue;
    expect(metrics).toEqual(before);
    return;
  }
}

async function accountOf(sidecar: Sidecar): Promise<Account> {
  return ((await sidecar.control("GET", "/v1/status")).body as { account: Account }).account;
}

function addsUp({ accepted, ended, inFlight }: Account): void {
  const sum = Object.values(ended).reduce((total, count) => total + count, 0);
  expect(sum + inFlight, "accepted = ended + in flight").toBe(accepted);
}
