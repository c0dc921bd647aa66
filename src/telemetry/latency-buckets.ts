// Latencies in buckets that grow with the value: eight to each doubling, so that a percentile is known to within an eighth
// of itself, whatever its size. Finding the bucket is integer arithmetic.

/** Eight to each doubling from 8 µs on, up to half an hour. */
export const LATENCY_BUCKETS = 240;
const PER_DOUBLING = 8;

/** The bucket of a latency, ms. */
export function bucketOf(ms: number): number {
  if (ms <= 0) return 0;
  const microseconds = ms < 2_000_000 ? (ms * 1_000) | 0 : 2_000_000_000;
  if (microseconds < PER_DOUBLING) return microseconds;
  const doublings = 28 - Math.clz32(microseconds);
  const bucket = (doublings << 3) + (microseconds >> doublings);
  return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/** The middle of a bucket, ms. */
export function latencyOf(bucket: number): number {
  if (bucket < 2 * PER_DOUBLING) return (bucket + 0.5) / 1_000;
  const doublings = (bucket >> 3) - 1;
  return ((PER_DOUBLING + (bucket % PER_DOUBLING) + 0.5) * 2 ** doublings) / 1_000;
}

/** Pairs of bucket and count, flat, ascending: how a few filled buckets are written down. */
export type SparseCounts = readonly number[];

export function sparse(counts: Uint32Array): SparseCounts {
  const pairs: number[] = [];
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]!;
    if (count > 0) pairs.push(bucket, count);
  }
  return pairs;
}

/** The latency, ms, that a share `p` (0 to 1) of all counts does not exceed; undefined of none. */
export function percentileOf(all: readonly SparseCounts[], p: number): number | undefined {
  const counts = new Float64Array(LATENCY_BUCKETS);
  let total = 0;
  for (const pairs of all) {
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      counts[Math.min(LATENCY_BUCKETS - 1, pairs[index]!)]! += pairs[index + 1]!;
      total += pairs[index + 1]!;
    }
  }
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(p * total));
  let seen = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    seen += counts[bucket]!;
    if (seen >= rank) return latencyOf(bucket);
  }
  return undefined;
}
