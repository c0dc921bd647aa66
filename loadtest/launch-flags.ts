/**
 * How Node starts sluice in its image; the load test and the benches start it alike, and a test compares this with the
 * Dockerfile. One thread for the collector, a small young generation, old space that is collected before it has doubled,
 * no pool of freed pages, and one optimizing compiler in place of two: a Pod's memory is counted, and sluice's garbage is
 * short-lived. And no debugger for whoever can send a signal.
 */
export const LAUNCH_FLAGS: readonly string[] = [
  "--single-threaded-gc",
  "--max-semi-space-size=2",
  "--heap-growing-percent=50",
  "--no-memory-pool",
  "--no-maglev",
  "--disable-sigusr1",
];

/** glibc's allocator: one arena, and what is freed at its end goes back from 128 KiB on (mallopt(3)). */
export const LAUNCH_ENV: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "131072",
};
