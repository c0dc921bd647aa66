// `npm run bench -- NAME`: what sluice costs, measured on this machine, as figures and as ratios from one run.

import { runScript } from "../scripts/npm-script.ts";
import { compare } from "./compare.ts";
import { benchSoak } from "./soak.ts";
import { benchStart } from "./start.ts";
import { benchTelemetry } from "./telemetry.ts";

/** Each resolves with an exit code. */
const BENCHES: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  compare,
  start: (args) => benchStart(args).then(() => 0),
  soak: (args) => benchSoak(args).then(() => 0),
  telemetry: benchTelemetry,
};

const HELP = `Usage: npm run bench -- [NAME] [options]

  compare                 sluice beside nginx, HAProxy and proxies in Node; the default, see compare --help
  start [--rounds N]      bundle start to listening, and memory when idle, beside a bare node:http server
  soak  [--minutes N]     memory under a steady load: the last minute against the second
  telemetry [--rounds N] [--seconds N] [--engine NAME,…]
                          CPU per request scraped every 5 s, and tracing 1 %, beside neither of them

Examples:
  npm run bench -- --only get --proxies sluice-wire,nginx
  npm run bench -- start --rounds 21
  npm run bench -- soak --minutes 10
`;

const [first = "compare", ...rest] = process.argv.slice(2);
const [name, argv] = first.startsWith("-") ? ["compare", [first, ...rest]] : [first, rest];
const asksHelp = argv.includes("--help") || argv.includes("-h");
const bench = BENCHES[name];
// Only compare has more to say.
const isHelp = asksHelp && (name !== "compare" || first !== "compare");
if (bench && !isHelp) process.exitCode = await runScript("bench", () => bench(argv));
else {
  (isHelp ? process.stdout : process.stderr).write(HELP);
  process.exitCode = isHelp ? 0 : 64;
}
