// The Lease that keeps two upgrades of a workload apart: its name, and who holds it.

import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { Workload } from "../cluster/workload.ts";

export function leaseNameOf({ kind, name }: Pick<Workload, "kind" | "name">): string {
  return `sluice-upgrade-${kind.toLowerCase()}-${name}`.slice(0, 253);
}

/** `user@host/1f2e3d4c`: told to whoever comes second; the number makes it unique. */
export function holderName(): string {
  return `${userName()}@${hostname()}/${randomBytes(4).toString("hex")}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's uid need not have a name.
    return "somebody";
  }
}
