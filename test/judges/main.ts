// npm run judges [-- NAME...]: hears the judges that are not ours, on each engine. The last line is "N passed, N failed".

import { runScript } from "../../scripts/npm-script.ts";
import { chooseSome, parseArguments } from "../../src/cli/arguments.ts";
import { ENGINES, type NamedEngine } from "../security/engines.ts";
import { AUTOBAHN } from "./autobahn-judge.ts";
import { H11 } from "./h11-judge.ts";
import { type Judge, missingFor, type Verdict } from "./judge.ts";
import { NGHTTP2 } from "./nghttp2-judge.ts";
import { SLOWHTTPTEST } from "./slow-judge.ts";
import { VARNISHTEST } from "./varnish-judge.ts";

const JUDGES: readonly Judge[] = [H11, VARNISHTEST, AUTOBAHN, NGHTTP2, SLOWHTTPTEST];
const NAMES = JUDGES.map(({ name }) => name);

const HELP = `Usage: npm run judges -- [NAME...]

Hears programs that are not ours and read HTTP and WebSocket by their own rules, on each engine. Default: all of them.

Judges:
${JUDGES.map(({ name, needs }) => `  ${name.padEnd(13)} apt-get install ${needs.packages}`).join("\n")}

Exit codes: 0 none has found a fault, 1 one has, or is not installed, 64 usage.
`;

// Some of them hold on to what they have opened.
process.exit(
  await runScript("judges", async () => {
    const { values, positionals } = parseArguments(
      process.argv.slice(2),
      { help: { type: "boolean", short: "h" } },
      ["[NAME...]"],
    );
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const asked = positionals.flatMap((name) => chooseSome("NAME", name, NAMES));
    return hearAll(JUDGES.filter(({ name }) => asked.length === 0 || asked.includes(name)));
  }),
);

/** Resolves with 0 if nothing has failed. */
async function hearAll(judges: readonly Judge[]): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const judge of judges) {
    const missing = await missingFor(judge);
    if (missing !== undefined) {
      failed++;
      console.log(`FAILED ${judge.name}: not installed: ${missing}`);
      continue;
    }
    for (const engine of ENGINES) {
      const began = Date.now();
      const verdicts = await hear(judge, engine);
      const faults = verdicts.filter(({ fault }) => fault !== undefined);
      for (const { what, fault } of faults)
        console.log(`FAILED ${judge.name}, ${engine.name}: ${what}: ${fault}`);
      passed += verdicts.length - faults.length;
      failed += faults.length;
      console.log(
        `${judge.name}, ${engine.name}: ${verdicts.length - faults.length} of ${verdicts.length} in ${((Date.now() - began) / 1000).toFixed(1)} s`,
      );
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** A judge that could not be heard to the end, or had nothing to say, has found a fault. */
async function hear(judge: Judge, engine: NamedEngine): Promise<readonly Verdict[]> {
  const what = "it is heard to the end";
  try {
    const verdicts = await judge.hear(engine);
    return verdicts.length > 0 ? verdicts : [{ what, fault: "it has said nothing" }];
  } catch (error) {
    return [{ what, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) }];
  }
}
