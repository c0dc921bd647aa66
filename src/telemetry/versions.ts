// The label `version` is bounded: a slot's newest versions keep their own counts, older ones are folded into one. Counts
// only move from a version to "other", so no series ever goes down.

const KEPT_VERSIONS = 8;

export interface Versions<Counts> {
  /** The counts of a version; makes them if it is new, and then folds the oldest one. */
  of(version: string): Counts;
  /** Each version that is kept, and "other" once there was a need for it. */
  read(): Iterable<readonly [version: string, counts: Counts]>;
}

/** `fold` adds the first counts to the second. */
export function createVersions<Counts>(
  make: () => Counts,
  fold: (from: Counts, into: Counts) => void,
): Versions<Counts> {
  // Insertion order is the order of age.
  const kept = new Map<string, Counts>();
  let older: Counts | undefined;

  return {
    of(version) {
      const found = kept.get(version);
      if (found) return found;
      const made = make();
      kept.set(version, made);
      if (kept.size > KEPT_VERSIONS) {
        const [oldest, counts] = kept.entries().next().value!;
        kept.delete(oldest);
        older ??= make();
        fold(counts, older);
      }
      return made;
    },
    *read() {
      yield* kept;
      if (older) yield ["other", older] as const;
    },
  };
}
