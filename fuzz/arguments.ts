// The command line of `npm run fuzz`.

import { choose, parseArguments, wholeNumber } from "../src/cli/arguments.ts";

export interface FuzzOrder {
  readonly layer: "bytes" | "sockets";
  readonly seed: number;
  /** The first case. */
  readonly from: number;
  readonly runs: number;
  /** Undefined: until all are run. */
  readonly minutes: number | undefined;
  /** The file that gets a line of JSON about the run. */
  readonly log: string | undefined;
}

const USUAL_RUNS = 100_000;
const MOST_MINUTES = 100_000;

export const HELP = `Usage: npm run fuzz -- [options]

Runs the cases of a seed through both engines side by side; a difference that is not listed as intended is a finding,
printed with the command that repeats it. docs/fuzzing.md says more.

  --layer bytes|sockets  Their readers alone (default), or whole conversations over loopback
  --seed N               Repeats the cases of a run (default: drawn, and printed)
  --from N               The first case (default 0)
  --runs N               How many (default ${USUAL_RUNS}; with --minutes: as many as they hold)
  --minutes N            For so long at the most
  --log FILE             Adds a line of JSON about the run
  --help, -h             Shows this

Exit codes: 0 no findings, 1 findings, 64 usage. Ctrl-C ends it with the account of what was run.

Examples:
  npm run fuzz -- --layer bytes --minutes 10
  npm run fuzz -- --layer sockets --seed 7 --from 4711 --runs 1
`;

/** Undefined for --help. Throws USAGE. */
export function readFuzzOrder(argv: readonly string[]): FuzzOrder | undefined {
  const { values } = parseArguments(argv, {
    layer: { type: "string" },
    seed: { type: "string" },
    from: { type: "string" },
    runs: { type: "string" },
    minutes: { type: "string" },
    log: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return undefined;
  const most = Number.MAX_SAFE_INTEGER;
  const minutes = wholeNumber("--minutes", values.minutes, 1, MOST_MINUTES);
  return {
    layer: choose("--layer", values.layer, ["bytes", "sockets"]),
    seed: wholeNumber("--seed", values.seed, 0, most) ?? Math.floor(Math.random() * 2 ** 31),
    from: wholeNumber("--from", values.from, 0, most) ?? 0,
    runs: wholeNumber("--runs", values.runs, 1, most) ?? (minutes === undefined ? USUAL_RUNS : most),
    minutes,
    log: values.log,
  };
}
