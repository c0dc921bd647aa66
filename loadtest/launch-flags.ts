/**
 * How Node starts sluice in its image; the load test and the benches start it alike, and a test compares this with the
 * Dockerfile. One thread for the collector, a small young generation, old space that is collected before it has doubled, and
 * no pool of freed pages: a Pod's memory is counted, and sluice's garbage is short-lived.
 */
export const LAUNCH_FLAGS: readonly string[] = [
  "--single-threaded-gc",
  "--max-semi-space-size=8",
  "--heap-growing-percent=50",
  "--no-memory-pool",
];
