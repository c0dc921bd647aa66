import { readFileSync } from "node:fs";

/** Resident memory of a process, MB (10^6 bytes), by /proc. */
export function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status names no VmRSS`);
  return (Number(kib) * 1_024) / 1e6;
}
