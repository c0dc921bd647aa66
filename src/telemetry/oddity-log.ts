// Clients that speak something else than HTTP on the request port, such as TLS. Somebody has configured them wrongly and looks for why nothing
// works: one line tells of it at the usual level, however many come.

import type { Log } from "./log.ts";
import { createQuota } from "./quota.ts";

/** One line in so long, ms; how many more there were is told at its end. */
const LINE_EVERY_MS = 60_000;

/** Returns what logs that a client, of that address, speaks such a thing. */
export function createOddityLog(log: Pick<Log, "warn">): (what: string, client: string) => void {
  const quota = createQuota(1, LINE_EVERY_MS, (more) =>
    log.warn({ event: "oddity", more }, `${more} more of what was not HTTP`),
  );
  return (what, client) => {
    if (quota.take()) log.warn({ event: "oddity", client }, `a client speaks ${what}`);
  };
}
