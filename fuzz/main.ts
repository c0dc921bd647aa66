// npm run fuzz: runs the cases of a seed through both engines and prints what was met.

import { appendFileSync } from "node:fs";
import { runScript } from "../scripts/npm-script.ts";
import { type FuzzOrder, HELP, readFuzzOrder } from "./arguments.ts";
import { emptyTally, type Finding, type Layer } from "./layer.ts";

/** Cases between two looks at the clock. */
const BATCH = { bytes: 5_000, sockets: 256 } as const;
/** Findings of one sign that are printed. */
const SHOWN = 3;

process.exitCode = await runScript("fuzz", async () => {
  const order = readFuzzOrder(process.argv.slice(2));
  if (order === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  return fuzz(order);
});

async function createLayer(name: FuzzOrder["layer"]): Promise<Layer> {
  if (name === "sockets") return (await import("./sockets/layer.ts")).createSocketLayer();
  const { createByteLayer } = await import("./bytes/layer.ts");
  const { WireReader } = await import("./bytes/wire-reader.ts");
  return createByteLayer(new WireReader().read);
}

/** Resolves with 1 if there were findings. */
async function fuzz({ layer: name, seed, from, runs, minutes, log }: FuzzOrder): Promise<number> {
  const batch = BATCH[name];
  const endsAt = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  // Whoever stops it gets the account of what was run.
  let isStopped = false;
  process.once("SIGINT", () => {
    isStopped = true;
  });
  const layer = await createLayer(name);
  const tally = emptyTally();
  const findings = new Map<string, Finding[]>();
  const began = Date.now();
  console.log(`layer ${name}, seed ${seed}, from case ${from}`);
  for (let at = from; at < from + runs && !isStopped && Date.now() < endsAt; at += batch) {
    // For a signal to be heard.
    await new Promise((resolve) => setImmediate(resolve));
    for (const finding of await layer.run(seed, at, Math.min(batch, from + runs - at), tally)) {
      const before = findings.get(finding.sign) ?? [];
      findings.set(finding.sign, [...before, finding]);
      if (before.length < SHOWN) {
        const { sign, detail, sent, index } = finding;
        // What only fills is told by its length.
        const shorter = (text: string): string =>
          text.replace(/(.)\1{40,}/g, (run, one) => `${one}{${run.length}}`);
        console.log(
          `FINDING ${sign}\n  --layer ${name} --seed ${seed} --from ${index} --runs 1\n  ${shorter(sent)}\n  ${shorter(detail)}`,
        );
      }
    }
  }
  await layer.close();

  const seconds = (Date.now() - began) / 1000;
  const summary = {
    at: new Date(began).toISOString(),
    layer: name,
    seed,
    from,
    cases: tally.cases,
    seconds: Math.round(seconds),
    messages: tally.messages,
    refused: tally.refused,
    intended: Object.fromEntries([...tally.intended].sort(([, a], [, b]) => b - a)),
    findings: Object.fromEntries([...findings].map(([sign, all]) => [sign, all.length])),
  };
  console.log(
    `${tally.cases} cases in ${seconds.toFixed(1)} s (${Math.round(tally.cases / seconds)} a second), ${tally.messages} messages, ${tally.refused} refused`,
  );
  for (const [what, count] of tally.intended) console.log(`  intended: ${what}: ${count}`);
  for (const [sign, all] of findings)
    console.log(`  FOUND ${all.length} x ${sign}, first at case ${all[0]?.index}`);
  if (log !== undefined) appendFileSync(log, `${JSON.stringify(summary)}\n`);
  return findings.size > 0 ? 1 : 0;
}
