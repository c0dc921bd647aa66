// `npm run bench -- NAME`: what sluice costs, measured on this machine, as figures and as ratios from one run.

import { benchSoak } from "./soak.ts";
import { benchStart } from "./start.ts";

const BENCHES: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  start: benchStart,
  soak: benchSoak,
};

const HELP = `Usage: npm run bench -- NAME [options]

  start [--rounds N]      bundle start to listening, and memory when idle, beside a bare node:http server
  soak  [--minutes N]     memory under a steady load: the last minute against the second

Examples:
  npm run bench -- start --rounds 21
  npm run bench -- soak --minutes 10
`;

const [name = "", ...argv] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench) await bench(argv);
else {
  (name === "" || name === "--help" ? process.stdout : process.stderr).write(HELP);
  process.exitCode = name === "" || name === "--help" ? 0 : 64;
}
