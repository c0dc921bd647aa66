// What a layer of the differential fuzzing is to the program that runs it.

/** One difference that is not on the list. */
export interface Finding {
  readonly seed: number;
  readonly index: number;
  readonly sign: string;
  readonly detail: string;
  /** What was sent, made as small as it went. */
  readonly sent: string;
}

export interface Tally {
  cases: number;
  messages: number;
  refused: number;
  /** How often each intended difference was met. */
  readonly intended: Map<string, number>;
}

export interface Layer {
  readonly name: string;
  /** Runs the cases `from` to `from + count` of the seed. The same seed and index are the same case, always. */
  run(seed: number, from: number, count: number, tally: Tally): Promise<Finding[]>;
  close(): Promise<void>;
}

export function emptyTally(): Tally {
  return { cases: 0, messages: 0, refused: 0, intended: new Map() };
}

/** The seed of one case of a run: neighbours have nothing in common. */
export function seedOf(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
