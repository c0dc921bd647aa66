// What people ask of sluice itself rather than of its slots: how much it logs, and where its time and memory go.

import type { Upkeep } from "./api/backend.ts";
import type { Timeline } from "./telemetry/events.ts";
import type { Log } from "./telemetry/log.ts";
import { createProfiler } from "./telemetry/profiler.ts";

export function createUpkeep(log: Log, timeline: Timeline, heapUsed: () => number): Upkeep {
  const profiler = createProfiler(heapUsed);
  return {
    logLevel: () => log.level,
    setLogLevel(level) {
      const was = log.level;
      log.setLevel(level);
      if (was !== level) {
        const message = `The log's level is ${level}; it was ${was}`;
        timeline.emit({ type: "log_level_set", message, details: { logLevel: level, was } });
      }
      return { level, was };
    },
    async profile(order) {
      const profile = profiler.take(order);
      const ms = order.kind === "heap" ? {} : { ms: order.ms };
      timeline.emit({
        type: "profile_asked",
        message: `A profile of sluice was asked for: ${order.kind}`,
        details: { kind: order.kind, ...ms },
      });
      return profile;
    },
  };
}
