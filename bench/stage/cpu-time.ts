// CPU time as the kernel's scheduler has counted it. /proc/PID/stat shows the same sum (utime + stime) in ticks of 10 ms,
// which is too coarse for a proxy that needs 20 us a request at a small rate; schedstat shows it in nanoseconds.

import { readdirSync, readFileSync } from "node:fs";
import { processTree } from "./process-tree.ts";

/** CPU time that all threads of a process and of its descendants have used, us. Throws where the kernel does not count it. */
export function cpuMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const member of processTree(pid))
    for (const thread of readdirSync(`/proc/${member}/task`))
      nanoseconds += onCpu(readFileSync(`/proc/${member}/task/${thread}/schedstat`, "utf8"));
  return nanoseconds / 1_000;
}

/** The first of the three numbers: time spent on the CPU, ns. */
export function onCpu(schedstat: string): number {
  const time = /^(\d+) \d+ \d+\s*$/.exec(schedstat)?.[1];
  if (time === undefined) throw new Error(`not a schedstat: ${schedstat}`);
  return Number(time);
}
