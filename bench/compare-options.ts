// The command line of `npm run bench -- compare`.

import { choose, chooseSome, parseArguments, wholeNumber } from "../src/cli/arguments.ts";
import { SluiceError } from "../src/errors.ts";
import type { BenchCase } from "./cases/bench-case.ts";
import { CASES } from "./cases/list.ts";
import { PEERS } from "./peers/list.ts";
import type { Peer } from "./peers/peer.ts";
import type { Pace } from "./stage/stage.ts";

export interface CompareOptions {
  readonly cases: readonly BenchCase[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly pace: Pace;
  /** "PROXY,LOAD" */
  readonly cores: string | undefined;
  /** Folder of the bundle to measure, in place of one made of the checkout. */
  readonly bundle: string | undefined;
  /** Undefined: tables. */
  readonly json: { readonly file: string | undefined } | undefined;
  readonly plot: string | undefined;
  readonly markdown: string | undefined;
  /** JSON of an earlier run, to be reported in place of a new one. */
  readonly from: string | undefined;
  /** What measures the same again, whatever becomes of the figures. */
  readonly command: string;
}

/** Options that say what is measured and how. */
const MEASURING = ["only", "proxies", "rounds", "seconds", "warm-up", "rate", "cores"] as const;

const named = (all: readonly { readonly name: string; readonly meaning: string }[]): string =>
  all.map(({ name, meaning }) => `  ${name.padEnd(15)} ${meaning}`).join("\n");

export const COMPARE_HELP = `Usage: npm run bench -- [compare] [options]

Measures sluice beside other proxies: each is pinned to one core, load and app to another; they take turns within each
round; the table has medians, as ratios to nginx in the same round. Progress goes to standard error.

  --only CASE,…         which cases (default: all)
  --proxies NAME,…      which proxies (default: all)
  --rounds N            rounds, each with every case and proxy (default 3)
  --seconds N           length of one measurement (default 5)
  --warm-up N           load before it, until the proxy has used so many seconds of CPU time (default 2)
  --rate N              requests per second where a case has a rate (default 3000)
  --cores PROXY,LOAD    the two cores (default: the last and the first one allowed)
  --bundle FOLDER       measure this one, e.g. dist (default: a bundle of the checkout as it is)
  --output json [FILE]  every figure of every round, on standard output in place of the tables, or into a file
  --plot FILE           the ratios as an SVG
  --markdown FILE       writes the tables into a document, between its marks
  --from FILE           measures nothing, and reports what an earlier --output json has left

Cases:
${named(CASES)}

Proxies:
${named(PEERS.map(({ name, title }) => ({ name, meaning: title })))}

Examples:
  npm run bench -- --only get,post-16k --proxies sluice-wire,nginx --rounds 2 --seconds 3
  npm run bench -- --rounds 5 --output json bench.json --plot docs/bench.svg --markdown docs/bench.md

Needs nginx, haproxy, wrk and h2load: apt-get install nginx haproxy wrk nghttp2-client
Exit codes: 0 all was measured; 1 something was not, or requests failed where none may; 64 bad arguments
`;

/** Parses the arguments; undefined for --help. Throws USAGE. */
export function readCompareOptions(argv: readonly string[]): CompareOptions | undefined {
  const { values, positionals } = parseArguments(
    argv,
    {
      only: { type: "string" },
      proxies: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "warm-up": { type: "string" },
      rate: { type: "string" },
      cores: { type: "string" },
      bundle: { type: "string" },
      output: { type: "string" },
      plot: { type: "string" },
      markdown: { type: "string" },
      from: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
    ["[FILE]"],
  );
  if (values.help) return undefined;
  const output = choose("--output", values.output, ["table", "json"]);
  const [file] = positionals;
  if (file !== undefined && output !== "json")
    throw new SluiceError("USAGE", `${file}: a FILE goes with --output json`);
  const given = MEASURING.filter((name) => values[name] !== undefined);
  return {
    command: ["npm run bench --", ...given.map((name) => `--${name} ${values[name]}`)].join(" "),
    cases: chosen("--only", values.only, CASES),
    peers: chosen("--proxies", values.proxies, PEERS),
    rounds: wholeNumber("--rounds", values.rounds, 1, 1_000) ?? 3,
    pace: {
      seconds: wholeNumber("--seconds", values.seconds, 1, 600) ?? 5,
      warmUpSeconds: wholeNumber("--warm-up", values["warm-up"], 1, 60) ?? 2,
      rate: wholeNumber("--rate", values.rate, 1, 100_000) ?? 3_000,
    },
    cores: values.cores,
    bundle: values.bundle,
    json: output === "json" ? { file } : undefined,
    plot: values.plot,
    markdown: values.markdown,
    from: values.from,
  };
}

function chosen<T extends { readonly name: string }>(
  flag: string,
  text: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (text === undefined) return all;
  const names = chooseSome(
    flag,
    text,
    all.map(({ name }) => name),
  );
  return all.filter(({ name }) => names.includes(name));
}
