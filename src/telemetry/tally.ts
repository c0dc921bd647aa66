// A tally: counts by one label whose values come from outside the metrics. The number of values is bounded; what comes
// after the last free one counts as "other".

const MAX_VALUES = 32;

export interface Tally {
  add(value: string): void;
  read(): ReadonlyMap<string, number>;
}

export function createTally(known: readonly string[] = []): Tally {
  const counts = new Map<string, number>(known.map((value) => [value, 0]));
  const limit = Math.max(MAX_VALUES, known.length);
  return {
    add(value) {
      const label = counts.has(value) || counts.size < limit ? value : "other";
      counts.set(label, (counts.get(label) ?? 0) + 1);
    },
    read: () => counts,
  };
}
