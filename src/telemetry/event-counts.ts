// What is counted of the timeline. Labels come from an event's slot and from its details: `cause` of a switch, `outcome`
// of a hook. A drain is measured from its first event to its last.

import type { TimelineEvent } from "../api/backend.ts";
import type { SwitchCause } from "../lifecycle/choice.ts";
import { createHistogram, type Histogram, WAIT_BOUNDS } from "./histogram.ts";
import { createTally, type Tally } from "./tally.ts";

export interface EventCounts {
  event(event: TimelineEvent): void;
  readonly switches: Tally;
  readonly generations: Tally;
  readonly lifelinesLost: Tally;
  readonly probeFailures: Tally;
  readonly hooksExpired: Tally;
  readonly readinessLost: Tally;
  /** By drain: "pod", or "slots/NAME". */
  readonly drainDeadlines: Tally;
  /** By hook, then by outcome. */
  hooks(): ReadonlyMap<string, Tally>;
  /** By slot. */
  drains(): ReadonlyMap<string, Histogram>;
}

/** There from the start, as are the slots: a rate sees nothing of a series that begins above 0. */
const CAUSES: readonly SwitchCause[] = ["new_version", "cannot_serve", "none_active", "restored", "promoted"];

/** `slots`: the configured names, so that their series are there from the start. */
export function createEventCounts(slots: readonly string[]): EventCounts {
  const switches = createTally(CAUSES);
  const generations = createTally(slots);
  const lifelinesLost = createTally(slots);
  const probeFailures = createTally(slots);
  const hooksExpired = createTally();
  const readinessLost = createTally(slots);
  const places = ["pod", ...slots.map((slot) => `slots/${slot}`)];
  const drainDeadlines = createTally(places);
  const hooks = new Map(places.map((hook) => [hook, createTally()]));
  const drains = new Map(slots.map((slot) => [slot, createHistogram(WAIT_BOUNDS)]));

  /** When the drains under way began, by generation, ms. */
  const drainsBegan = new Map<number, number>();

  function drainEnded({ generation, slot, monotonicMs }: TimelineEvent): void {
    const began = drainsBegan.get(generation ?? 0);
    if (began !== undefined) drains.get(slot ?? "")?.observe(monotonicMs - began);
    drainsBegan.delete(generation ?? 0);
  }

  return {
    event(event) {
      const slot = event.slot ?? "";
      switch (event.type) {
        case "switch":
          return switches.add(String(event.details.cause ?? "unknown"));
        case "handshake":
          return generations.add(slot);
        case "lifeline_lost":
          return lifelinesLost.add(slot);
        case "probe_failed":
          return probeFailures.add(slot);
        case "hook_answered":
          return hooks.get(hookOf(event))?.add(String(event.details.outcome ?? "answered"));
        case "hook_expired":
        case "pod_serving_again":
          return hooksExpired.add(hookOf(event));
        case "not_ready":
          return readinessLost.add(slot);
        case "drain_deadline":
        case "pod_deadline":
          return drainDeadlines.add(hookOf(event));
        case "drain_began":
          return void drainsBegan.set(event.generation ?? 0, event.monotonicMs);
        case "drain_ended":
          return drainEnded(event);
        case "generation_gone":
          // Its drain, if there was one, came to no end of its own.
          return void drainsBegan.delete(event.generation ?? 0);
      }
    },
    switches,
    generations,
    lifelinesLost,
    probeFailures,
    hooksExpired,
    readinessLost,
    drainDeadlines,
    hooks: () => hooks,
    drains: () => drains,
  };
}

function hookOf(event: TimelineEvent): string {
  return event.slot === undefined ? "pod" : `slots/${event.slot}`;
}
