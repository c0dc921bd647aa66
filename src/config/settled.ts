// The settings after precedence: for each option its text, where that came from, and its value if it has one.

import type { OptionKey, Values } from "./options.ts";
import { describeOrigin, type Origin } from "./problem.ts";

export interface Setting {
  /** Undefined: not set, and no default. */
  readonly text: string | undefined;
  readonly origin: Origin;
}

export type Settings = Readonly<Record<OptionKey, Setting>>;

export interface Settled {
  readonly settings: Settings;
  /** Lacks the options whose text is wrong: nothing can be concluded from those. */
  readonly values: Partial<Values>;
}

/** "drain-delay 5s (SLUICE_DRAIN_DELAY)". */
export function describeSetting(settings: Settings, key: OptionKey): string {
  const { text, origin } = settings[key];
  return `${key} ${text} (${describeOrigin(origin)})`;
}

export function isGiven(settings: Settings, key: OptionKey): boolean {
  return settings[key].origin.from !== "default";
}
