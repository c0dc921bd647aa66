// What one source (flags, environment, file) gives: texts that are not yet understood, and what is wrong with the source.

import type { OptionKey } from "./options.ts";
import type { Origin, Problem } from "./problem.ts";

export interface Given {
  readonly key: OptionKey;
  readonly text: string;
  readonly origin: Origin;
}

export interface Source {
  readonly given: readonly Given[];
  readonly problems: readonly Problem[];
}

/** Puts a text between quotes, so that its ends and an empty one can be seen. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
