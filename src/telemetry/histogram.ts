// A histogram of plain numbers: an observation is one short search and three additions, no strings and no objects.

/** One observation with the trace in which it was made. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  /** Seconds. */
  readonly value: number;
  /** Seconds since the epoch. */
  readonly at: number;
}

export interface HistogramReading {
  /** Upper bounds, seconds, ascending. */
  readonly bounds: readonly number[];
  /** Cumulative counts, one for each bound. */
  readonly cumulative: readonly number[];
  /** The newest of each bucket that has one, the last for what is above all bounds. */
  readonly exemplars: readonly (Exemplar | undefined)[];
  /** Sum of all observations, seconds. */
  readonly sum: number;
  readonly count: number;
}

export interface Histogram {
  observe(ms: number): void;
  /** Keeps an observation that was counted already as the example of its bucket. */
  exemplify(exemplar: Exemplar): void;
  read(): HistogramReading;
  /** Adds all that `other` has counted; its bounds are the same. */
  add(other: Histogram): void;
}

/** Bounds for what takes from half a millisecond to the longest grace, seconds. */
export const REQUEST_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** Bounds for holds and drains, seconds. */
export const WAIT_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300,
];
/** Bounds for connections that live long, seconds. */
export const STREAM_BOUNDS: readonly number[] = [0.1, 1, 10, 60, 300, 900, 3_600, 14_400, 86_400];

/** `bounds` in seconds, ascending. */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Float64Array(bounds.length + 1);
  const exemplars: (Exemplar | undefined)[] = [];
  let sum = 0;
  let count = 0;

  function bucketOf(seconds: number): number {
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
    return bucket;
  }

  return {
    observe(ms) {
      const seconds = ms / 1000;
      counts[bucketOf(seconds)]!++;
      sum += seconds;
      count++;
    },
    exemplify(exemplar) {
      exemplars[bucketOf(exemplar.value)] = exemplar;
    },
    read() {
      let total = 0;
      const cumulative = bounds.map((_, bucket) => {
        total += counts[bucket]!;
        return total;
      });
      return { bounds, cumulative, exemplars, sum, count };
    },
    add(other) {
      const reading = other.read();
      let below = 0;
      for (const [bucket, total] of [...reading.cumulative, reading.count].entries()) {
        counts[bucket]! += total - below;
        below = total;
      }
      sum += reading.sum;
      count += reading.count;
    },
  };
}
