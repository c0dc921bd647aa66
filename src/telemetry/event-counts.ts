// What is counted of the timeline. Labels come from an event's fields and details: `cause` of a switch, `hook` and
// `outcome` of a hook, `durationMs` of a drain.

import type { TimelineEvent } from "../api/backend.ts";
import { createHistogram, type Histogram, WAIT_BOUNDS } from "./histogram.ts";
import { createTally, type Tally } from "./tally.ts";

export interface EventCounts {
  event(event: TimelineEvent): void;
  readonly switches: Tally;
  readonly generations: Tally;
  readonly lifelinesLost: Tally;
  readonly probeFailures: Tally;
  readonly hooksExpired: Tally;
  /** By hook, then by outcome. */
  hooks(): ReadonlyMap<string, Tally>;
  /** By slot. */
  drains(): ReadonlyMap<string, Histogram>;
}

/** `slots`: the configured names, so that their series are there from the start. */
export function createEventCounts(slots: readonly string[]): EventCounts {
  const switches = createTally();
  const generations = createTally(slots);
  const lifelinesLost = createTally(slots);
  const probeFailures = createTally(slots);
  const hooksExpired = createTally();
  const hooks = new Map(
    ["pod", ...slots.map((slot) => `slots/${slot}`)].map((hook) => [hook, createTally()]),
  );
  const drains = new Map(slots.map((slot) => [slot, createHistogram(WAIT_BOUNDS)]));

  return {
    event(event) {
      const slot = event.slot ?? "";
      switch (event.type) {
        case "switch":
          return switches.add(text(event.details.cause));
        case "handshake":
          return generations.add(slot);
        case "lifeline_lost":
          return lifelinesLost.add(slot);
        case "probe_failed":
          return probeFailures.add(slot);
        case "hook_answered":
          return hooks.get(hookOf(event))?.add(text(event.details.outcome));
        case "hook_expired":
          return hooksExpired.add(hookOf(event));
        case "drain_ended":
        case "drain_deadline":
          if (typeof event.details.durationMs === "number")
            drains.get(slot)?.observe(event.details.durationMs);
      }
    },
    switches,
    generations,
    lifelinesLost,
    probeFailures,
    hooksExpired,
    hooks: () => hooks,
    drains: () => drains,
  };
}

function hookOf(event: TimelineEvent): string {
  return event.slot === undefined ? "pod" : `slots/${event.slot}`;
}

function text(value: string | number | boolean | undefined): string {
  return value === undefined ? "unknown" : String(value);
}
