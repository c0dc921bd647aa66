// What the sluices of a run say for themselves: their accounts, and the requests that they report as failed.

import type { FailedRequest, SluiceAccount } from "./account.ts";
import { exitAccount, metricsAccount, type SluiceProcess } from "./sluice-process.ts";

const QUIET_MS = 2_000;

function plain({ accepted, ended, inFlight }: SluiceAccount): string {
  const endings = Object.entries(ended).sort(([left], [right]) => left.localeCompare(right));
  return `accepted ${accepted}, ${endings.map(([how, count]) => `${how} ${count}`).join(", ")}, in flight ${inFlight}`;
}

/** The account of a sluice that has ended, or that of one that runs as soon as it is quiet. */
async function accountOf(sluice: SluiceProcess, problems: string[]): Promise<SluiceAccount | undefined> {
  if (!sluice.child.isRunning) {
    // What it says as it ends is read when its output has closed.
    await sluice.child.exited;
    return exitAccount(sluice.child);
  }
  const limit = performance.now() + QUIET_MS;
  let { account } = await sluice.status();
  // The last answer reaches the client a moment before its ticket is handed in; there is no event for that.
  while (account.inFlight > 0 && performance.now() < limit) ({ account } = await sluice.status());
  const metrics = metricsAccount((await sluice.ops("/metrics")).body);
  if (plain(metrics) !== plain(account))
    problems.push(`sluice: /metrics says ${plain(metrics)}; /v1/status says ${plain(account)}`);
  return account;
}

/** One account per sluice; none at all, and a problem, if one of them left none behind. */
export async function collectAccounts(
  sluices: readonly SluiceProcess[],
): Promise<{ accounts: readonly SluiceAccount[]; problems: readonly string[] }> {
  const problems: string[] = [];
  const accounts: SluiceAccount[] = [];
  for (const [index, sluice] of sluices.entries()) {
    const account = await accountOf(sluice, problems);
    if (account) accounts.push(account);
    else problems.push(`sluice ${index + 1} of ${sluices.length} left no account behind`);
  }
  return { accounts: accounts.length === sluices.length ? accounts : [], problems };
}

/** The requests that a sluice's timeline reports as failed. */
export function failedRequests({ timeline }: SluiceProcess): FailedRequest[] {
  return timeline.happenings
    .filter(({ type }) => type === "request_failed")
    .map(({ details, generation }) => ({
      requestId: String(details.requestId),
      method: String(details.method),
      written: details.written === true,
      replayed: details.replayed === true,
      code: String(details.code),
      generation: Number(details.generation ?? generation ?? 0),
    }));
}
