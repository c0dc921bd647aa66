// The process's own figures, read at a scrape and at no other time: prom-client's defaults would keep a timer of 10 ms
// for the event loop's delay and an observer of every collection of garbage, which an idle sidecar pays for all day.

import { readdir, readFile } from "node:fs/promises";
import { type ELDHistogram, performance } from "node:perf_hooks";
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
  /** Undefined at the first reading. */
  readonly eventLoopLag: LoopLag | undefined;
}

/** How long turns of the event loop took since the last reading, seconds: what has just come waits so long. */
export interface LoopLag {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Returns what reads the figures. It measures the event loop from its first call on: who never scrapes pays nothing. */
export function createProcessFigures(): () => Promise<ProcessFigures> {
  const readLag = createLagReader();
  return async () => {
    const [openFds, maxFds, eventLoopLag] = await Promise.all([countOpenFds(), readMaxFds(), readLag()]);
    return { ...figuresNow(), openFds, maxFds, eventLoopLag };
  };
}

function figuresNow(): Omit<ProcessFigures, "openFds" | "maxFds" | "eventLoopLag"> {
  const memory = memoryUsage();
  const cpu = process.cpuUsage();
  return {
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    startTimeSeconds: performance.timeOrigin / 1000,
    residentBytes: memory?.rss,
    heapUsedBytes: memory?.heapUsed,
    heapTotalBytes: memory?.heapTotal,
    externalBytes: memory?.external,
    eventLoopBusySeconds: performance.eventLoopUtilization().active / 1000,
  };
}

/** Node counts each turn as it ends, without a timer: an idle loop has no turns. */
function createLagReader(): () => Promise<LoopLag | undefined> {
  let histogram: ELDHistogram | undefined;
  return async () => {
    if (!histogram) {
      histogram = process
        .getBuiltinModule("node:perf_hooks")
        .monitorEventLoopDelay({ samplePerIteration: true });
      histogram.enable();
      // The first turn is counted from its predecessor, with the idle time between them.
      for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
      histogram.reset();
      return undefined;
    }
    const seconds = (ns: number) => (histogram!.count === 0 ? 0 : ns / 1e9);
    const lag = {
      median: seconds(histogram.percentile(50)),
      p99: seconds(histogram.percentile(99)),
      max: seconds(histogram.max),
    };
    histogram.reset();
    return lag;
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
