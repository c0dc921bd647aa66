// Two forms of the same tests: the short one for every build, the long one for a release (SLUICE_LONG=1).

export interface Sizes {
  /** How often an event happens in a row. */
  readonly rounds: number;
  /** Requests of a scenario, at least. */
  readonly requests: number;
  /** Requests of a control, at least: enough to lose some. */
  readonly controlRequests: number;
}

export function sizesFrom(env: NodeJS.ProcessEnv): Sizes {
  return env.SLUICE_LONG === "1"
    ? { rounds: 10, requests: 100_000, controlRequests: 5_000 }
    : { rounds: 2, requests: 5_000, controlRequests: 800 };
}
