// Profiles on demand, in the formats of Chrome's DevTools. Node's inspector is loaded by the first one; nothing listens for a
// debugger. One at a time: two samplers would measure each other.

import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { ProfileOrder } from "../api/backend.ts";
import { SluiceError } from "../errors.ts";

export interface Profiler {
  /**
   * The profile: a text, or a stream of one that must be read to its end or destroyed. Rejects with PROFILING while another is
   * taken, and with HEAP_TOO_LARGE for a snapshot of more than the bound.
   */
  take(order: ProfileOrder): Promise<string | Readable>;
}

/** A snapshot stands the process still, for some 10 ms for each MB of heap, and takes as much memory again. */
const MOST_HEAP_BYTES = 268_435_456;
/** Who takes the snapshot has so long to read it; then its memory is given back. */
const READ_WITHIN_MS = 60_000;
/** Time between two looks at the stack: V8's own measure, of which a busy process notices 1 or 2 %. */
const CPU_INTERVAL_US = 1_000;
/** On average one allocation in so many bytes is looked at. */
const ALLOCATION_INTERVAL_BYTES = 32_768;

/** `heapUsed`: bytes of the JavaScript heap in use. */
export function createProfiler(heapUsed: () => number): Profiler {
  let isTaking = false;

  async function session<Result>(
    ms: number,
    begin: readonly (readonly [method: string, parameters?: object])[],
    end: string,
  ): Promise<Result> {
    const { Session } = await import("node:inspector");
    const inspector = new Session();
    const post = (method: string, parameters: object = {}) =>
      new Promise<unknown>((resolve, reject) => {
        inspector.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
      });
    inspector.connect();
    try {
      for (const [method, parameters] of begin) await post(method, parameters);
      await pause(ms);
      const { profile } = (await post(end)) as { profile: Result };
      return profile;
    } finally {
      inspector.disconnect();
    }
  }

  async function heapSnapshot(): Promise<Readable> {
    const bytes = heapUsed();
    if (bytes > MOST_HEAP_BYTES)
      throw new SluiceError(
        "HEAP_TOO_LARGE",
        `a snapshot of ${Math.round(bytes / 1e6)} MB would stand still for seconds`,
      );
    const { getHeapSnapshot } = await import("node:v8");
    const stream = getHeapSnapshot();
    const late = setTimeout(() => stream.destroy(), READ_WITHIN_MS).unref();
    stream.once("close", () => {
      clearTimeout(late);
      isTaking = false;
    });
    stream.on("error", () => {});
    return stream;
  }

  async function sample(order: Exclude<ProfileOrder, { kind: "heap" }>): Promise<string> {
    const profile =
      order.kind === "cpu"
        ? await session(
            order.ms,
            [
              ["Profiler.enable"],
              ["Profiler.setSamplingInterval", { interval: CPU_INTERVAL_US }],
              ["Profiler.start"],
            ],
            "Profiler.stop",
          )
        : await session(
            order.ms,
            [["HeapProfiler.startSampling", { samplingInterval: ALLOCATION_INTERVAL_BYTES }]],
            "HeapProfiler.stopSampling",
          );
    return JSON.stringify(profile);
  }

  return {
    async take(order) {
      if (isTaking) throw new SluiceError("PROFILING");
      isTaking = true;
      // A snapshot is over when it has been read.
      let isOver = true;
      try {
        if (order.kind !== "heap") return await sample(order);
        const stream = await heapSnapshot();
        isOver = stream.destroyed;
        return stream;
      } finally {
        if (isOver) isTaking = false;
      }
    },
  };
}
