// What a scenario is: something that is done to a sluice under load, a promise about it, and the same thing with the
// protection taken away, which has to lose requests.

import type { Figure } from "./figures.ts";
import type { Faults } from "./relay.ts";
import type { Stage } from "./stage.ts";

export interface Sizes {
  /** How often the event of the scenario happens. */
  readonly rounds: {
    readonly switch: number;
    readonly kill: number;
    readonly restart: number;
    readonly other: number;
  };
  readonly connections: number;
  readonly rate: number;
  /** Requests per second that autocannon adds, 0 for none. */
  readonly background: number;
  /** Load before the first event, between two and after the last, ms. */
  readonly calmMs: number;
  readonly steadyMs: number;
  /** How long a slow answer takes, ms. */
  readonly slowMs: number;
  /** Lame duck, ms. */
  readonly drainDelayMs: number;
  /** A run that takes longer has failed, ms. */
  readonly limitMs: number;
}

export interface Told {
  readonly figures: readonly Figure[];
  /** Promises beside the account that were broken, each in a sentence. */
  readonly broken: readonly string[];
}

export interface Scenario {
  readonly name: string;
  /** What is promised, in one sentence. */
  readonly promise: string;
  /** What is taken away in the negative control. */
  readonly control: string;
  /** Whether it belongs to the short form. */
  readonly short: boolean;
  /** Whether a POST that had reached a dying app is excused. Where nothing dies unprepared, nothing is excused. */
  readonly excuses: boolean;
  readonly faults?: (isControl: boolean) => Faults;
  /** Goes through the scenario on an empty stage. `isControl`: with the protection taken away. */
  run(stage: Stage, sizes: Sizes, isControl: boolean): Promise<Told>;
}

/** Lets the load run for a while: here time is the point, not an event. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
