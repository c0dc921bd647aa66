// What a run gave, as it stands in the JSON.

import type { Row, Sample } from "../cases/bench-case.ts";
import type { Pace } from "../stage/stage.ts";

/** Key of the app itself, where it was measured without a proxy. */
export const DIRECT = "direct";

export interface CaseResult {
  readonly name: string;
  readonly meaning: string;
  readonly rows: readonly Row[];
  /** One entry a round: what each peer gave, by its name. */
  readonly rounds: readonly Readonly<Record<string, Sample>>[];
}

export interface Absence {
  readonly case: string;
  readonly peer: string;
  readonly reason: string;
  /** Whether it was to be expected: this peer does not offer that. */
  readonly isOffer: boolean;
}

export interface BenchResult {
  /** ISO 8601. */
  readonly date: string;
  readonly command: string;
  readonly machine: string;
  /** "sluice 0.1.0 (commit …)" */
  readonly versions: readonly string[];
  readonly pace: Pace;
  readonly rounds: number;
  readonly peers: readonly { readonly name: string; readonly title: string }[];
  /** Name of the peer to which ratios are taken. */
  readonly yardstick: string;
  readonly cases: readonly CaseResult[];
  readonly absences: readonly Absence[];
}

/** The sample of a proxy, with `K-added` for each time K that the app itself was measured for in the same round. */
export function withAdded(sample: Sample, direct: Sample): Sample {
  const added = Object.entries(direct)
    .filter(([key]) => /^p\d+$/.test(key))
    .map(([key, value]) => [`${key}-added`, (sample[key] ?? Number.NaN) - value]);
  return { ...sample, ...Object.fromEntries(added) };
}
