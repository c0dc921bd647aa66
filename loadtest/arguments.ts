// The command line of `sluice loadtest`.

import { choose, chooseSome, parseArguments, wholeNumber } from "../src/cli/arguments.ts";
import { SluiceError } from "../src/errors.ts";
import type { Sizes } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/list.ts";
import type { SluiceOptions } from "./sluice-process.ts";

export type Order =
  | { readonly do: "help" }
  | {
      readonly do: "scenarios";
      readonly names: readonly string[];
      readonly sizes: Sizes;
      readonly seed: number;
      readonly engine: SluiceOptions["engine"];
      readonly json: boolean;
      /** Where the report goes. */
      readonly report: string | undefined;
    }
  | {
      readonly do: "target";
      readonly url: URL;
      readonly rate: number;
      readonly connections: number;
      readonly seconds: number;
      readonly fresh: boolean;
      readonly mix: "figures" | "wide" | "get";
      /** Control server (host:port) whose timeline is shown beside the load. */
      readonly events: string | undefined;
      readonly seed: number;
      readonly json: boolean;
      readonly report: string | undefined;
    };

const SHORT: Sizes = {
  rounds: { switch: 3, kill: 3, restart: 2, other: 1 },
  connections: 64,
  rate: 900,
  background: 0,
  calmMs: 250,
  steadyMs: 1_000,
  slowMs: 1_000,
  drainDelayMs: 700,
  limitMs: 30_000,
};

const LONG: Sizes = {
  rounds: { switch: 50, kill: 50, restart: 20, other: 10 },
  connections: 64,
  rate: 1_500,
  background: 0,
  calmMs: 600,
  steadyMs: 60_000,
  slowMs: 5_000,
  drainDelayMs: 5_000,
  limitMs: 600_000,
};

export const HELP = `Usage: sluice loadtest [options]

Without --url: starts sluice and recording apps of its own on 127.0.0.1, goes through scenarios under load, and settles
three accounts: what the client wrote and got, what sluice counted, what the apps wrote down. Each scenario runs twice,
the second time with its protection taken away: that control must lose requests, or nothing is proven.
With --url: load on a running target, with the client's account alone. Against the recording app every answer is checked
(version, number, bodies); any other target gets GETs of the URL's path, checked for framing and a status below 400.

  --scenario NAME,…|all  Which scenarios (default all of the form):
                           ${SCENARIOS.map(({ name }) => name)
                             .join(", ")
                             .replaceAll(/(.{70,90}?), /g, "$1,\n                           ")}
  --short                Under a minute; the default
  --long                 200,000 requests and more, 50 switches, 50 kills, 20 restarts
  --engine wire|standard The engine of sluice (default wire; scenarios only)
  --seed N               Repeats the draws of a run (default: drawn, and printed)
  --url URL              Load on a running target instead
  --duration S           Seconds of load (with --url; default 10)
  --mix figures|wide|get What is sent to a recording app (with --url; default figures: 30 % POSTs of 0.1 to 16 KiB)
  --fresh                A connection for each request (with --url)
  --events HOST:PORT     Show the timeline of the sluice whose control server this is (with --url)
  --rate N               Requests per second
  --connections N        Connections
  --background N         Requests per second of autocannon beside it: pressure, not evidence (scenarios only)
  --output, -o table|json
                         What is printed at the end (default table); progress goes to standard error
  --report FILE          Also one HTML file: latency over time with the events on it, the account, the verdict
  --help, -h             Shows this

Exit codes: 0 proven (with --url: nothing lost), 1 failed, 2 not proven, 64 usage.

Examples:
  sluice loadtest
  sluice loadtest --scenario switch,kill --rate 1500 --seed 7
  sluice loadtest --long --output json > report.json
  sluice loadtest --scenario switch,pod-stop-pod-first --report out.html
  sluice loadtest --url http://127.0.0.1:8080/ --duration 60 --events 127.0.0.1:9081
`;

const ENGINES = ["wire", "standard"] as const;
const MIXES = ["figures", "wide", "get"] as const;

/** Understands the command line. Throws USAGE. */
export function readArguments(argv: readonly string[]): Order {
  const { values } = parseArguments(argv, {
    scenario: { type: "string" },
    short: { type: "boolean" },
    long: { type: "boolean" },
    seed: { type: "string" },
    engine: { type: "string" },
    url: { type: "string" },
    duration: { type: "string" },
    mix: { type: "string" },
    fresh: { type: "boolean" },
    events: { type: "string" },
    rate: { type: "string" },
    background: { type: "string" },
    connections: { type: "string" },
    report: { type: "string" },
    output: { type: "string", short: "o" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return { do: "help" };
  const json = choose("--output", values.output, ["table", "json"]) === "json";
  const { report } = values;
  const seed = wholeNumber("--seed", values.seed, 0, 2 ** 31) ?? Math.floor(Math.random() * 2 ** 31);
  const rate = wholeNumber("--rate", values.rate, 1, 100_000);
  const connections = wholeNumber("--connections", values.connections, 1, 10_000);
  if (values.url !== undefined) {
    if (values.scenario ?? values.short ?? values.long ?? values.engine)
      throw usage("--url makes plain load: --scenario, --short, --long and --engine do not go with it");
    return {
      do: "target",
      url: target(values.url),
      rate: rate ?? 200,
      connections: connections ?? 16,
      seconds: wholeNumber("--duration", values.duration, 1, 86_400) ?? 10,
      fresh: values.fresh ?? false,
      mix: choose("--mix", values.mix, MIXES),
      events: values.events,
      seed,
      json,
      report,
    };
  }
  for (const name of ["duration", "mix", "fresh", "events"] as const)
    if (values[name] !== undefined) throw usage(`--${name} needs --url`);
  if (values.short && values.long) throw usage("--short and --long exclude each other");
  const sizes = values.long ? LONG : SHORT;
  return {
    do: "scenarios",
    names: scenarioNames(values.scenario, values.long ?? false),
    sizes: {
      ...sizes,
      rate: rate ?? sizes.rate,
      connections: connections ?? sizes.connections,
      background: wholeNumber("--background", values.background, 0, 100_000) ?? 0,
    },
    seed,
    engine: choose("--engine", values.engine, ENGINES),
    json,
    report,
  };
}

function target(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== "http:")
    throw usage(`--url takes an http:// address such as http://127.0.0.1:8080/, not ${text}`);
  return url;
}

function scenarioNames(text: string | undefined, isLong: boolean): readonly string[] {
  const known = SCENARIOS.map(({ name }) => name);
  if (text === undefined) return SCENARIOS.filter(({ short }) => short || isLong).map(({ name }) => name);
  if (text === "all") return known;
  return chooseSome("--scenario", text, known);
}

function usage(problem: string): SluiceError {
  return new SluiceError("USAGE", problem);
}
