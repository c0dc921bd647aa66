// The process's own figures, read at a scrape and at no other time: prom-client's defaults would keep a timer of 10 ms
// for the event loop's delay and an observer of every collection of garbage, which an idle sidecar pays for all day.

import { readdir, readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import process from "node:process";

export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly startTimeSeconds: number;
  /** Undefined where /proc does not tell, or no file descriptor is left to read it with. */
  readonly residentBytes: number | undefined;
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
  readonly heapUsedBytes: number | undefined;
  readonly heapTotalBytes: number | undefined;
  readonly externalBytes: number | undefined;
  readonly eventLoopBusySeconds: number;
}

export async function readProcessFigures(): Promise<ProcessFigures> {
  const [openFds, maxFds] = await Promise.all([countOpenFds(), readMaxFds()]);
  const memory = memoryUsage();
  const cpu = process.cpuUsage();
  return {
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    startTimeSeconds: performance.timeOrigin / 1000,
    residentBytes: memory?.rss,
    openFds,
    maxFds,
    heapUsedBytes: memory?.heapUsed,
    heapTotalBytes: memory?.heapTotal,
    externalBytes: memory?.external,
    eventLoopBusySeconds: performance.eventLoopUtilization().active / 1000,
  };
}

function memoryUsage(): NodeJS.MemoryUsage | undefined {
  try {
    return process.memoryUsage();
  } catch {
    return undefined;
  }
}

async function countOpenFds(): Promise<number | undefined> {
  try {
    // One of them is the directory itself, while it is being read.
    return (await readdir("/proc/self/fd")).length - 1;
  } catch {
    return undefined;
  }
}

async function readMaxFds(): Promise<number | undefined> {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(await readFile("/proc/self/limits", "utf8"));
    return line?.[1] === undefined || line[1] === "unlimited" ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
