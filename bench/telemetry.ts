// What telemetry costs: CPU time per request of sluice scraped every 5 s, and of sluice tracing one request in a hundred, each
// beside a sluice that does neither, all standing at the same time and loaded in turn. The order changes with each round.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPortSource } from "../loadtest/free-port.ts";
import { buildBundles } from "../scripts/bundles.ts";
import { writeCompiledCode } from "../scripts/compiled-code.ts";
import { chooseSome, parseArguments, wholeNumber } from "../src/cli/arguments.ts";
import { webApp } from "./apps/nginx-app.ts";
import { warmUp } from "./cases/warm-up.ts";
import { readWrkReport, wrkCommand } from "./load/wrk.ts";
import { median } from "./median.ts";
import type { Peer } from "./peers/peer.ts";
import { sluiceStandardPeer, sluiceWirePeer } from "./peers/sluice.ts";
import { allowedCores, chooseCores } from "./stage/cores.ts";
import { openFiles } from "./stage/open-files.ts";
import { missingPrograms, NGINX, PRLIMIT, TASKSET, WRK } from "./stage/program.ts";
import { createStage, type RunningPeer, type Stage } from "./stage/stage.ts";

const CONNECTIONS = 64;
const SCRAPE_EVERY_MS = 5_000;
/** What Prometheus sends. */
const ACCEPT =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const ENGINES = ["standard", "wire"] as const;
const PEER_OF = { standard: sluiceStandardPeer, wire: sluiceWirePeer };

interface Contender {
  readonly title: string;
  readonly flags: readonly string[];
  /** Of the CPU time per request without telemetry; undefined: that itself. */
  readonly mostRatio: number | undefined;
}

/** Prints medians and ratios; resolves with 1 if a ratio is above what is promised, or a request failed. */
export async function benchTelemetry(argv: readonly string[]): Promise<number> {
  const { values } = parseArguments(argv, {
    rounds: { type: "string" },
    seconds: { type: "string" },
    engine: { type: "string" },
  });
  const rounds = wholeNumber("--rounds", values.rounds, 1, 1_000) ?? 5;
  // Five at least, so that each measurement has a scrape in it.
  const seconds = wholeNumber("--seconds", values.seconds, SCRAPE_EVERY_MS / 1_000, 600) ?? 10;
  const engines = values.engine === undefined ? ENGINES : chooseSome("--engine", values.engine, ENGINES);
  const missing = missingPrograms([TASKSET, PRLIMIT, WRK, NGINX], process.env.PATH ?? "");
  if (missing !== undefined) throw new Error(missing);
  const bundle = mkdtempSync(join(tmpdir(), "sluice-bench-bundle-"));
  const cores = chooseCores(allowedCores(), undefined);
  // Collector and scraper are here, where they must not push the proxy off its core.
  execFileSync(TASKSET.command, ["--all-tasks", "--pid", "--cpu-list", `${cores.load}`, `${process.pid}`]);
  const pace = { seconds, warmUpSeconds: 5, rate: 0 };
  const stage = createStage({ pace, cores, openFiles: openFiles(), bundle });
  const collector = await startSink();
  let isWithin = true;
  try {
    await buildBundles(bundle);
    await writeCompiledCode(bundle);
    for (const engine of engines) {
      console.log(
        `engine ${engine}: GET of a small answer, ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s`,
      );
      isWithin = (await compareOne(stage, PEER_OF[engine], collector.endpoint, rounds)) && isWithin;
      await stage.clear();
    }
    console.log(`the collector took ${collector.batches()} batches of spans`);
  } finally {
    collector.close();
    await stage.close();
    rmSync(bundle, { recursive: true, force: true });
  }
  return isWithin ? 0 : 1;
}

async function compareOne(stage: Stage, peer: Peer, endpoint: string, rounds: number): Promise<boolean> {
  const contenders: readonly Contender[] = [
    { title: "without telemetry", flags: [], mostRatio: undefined },
    { title: "scraped every 5 s", flags: [], mostRatio: 1.03 },
    {
      title: "tracing 1 %",
      flags: ["--otlp-endpoint", endpoint, "--trace-sample", "0.01"],
      mostRatio: 1.05,
    },
  ];
  const freePort = createPortSource();
  const running: { readonly contender: Contender; readonly peer: RunningPeer; readonly costs: number[] }[] =
    [];
  let scraper: NodeJS.Timeout | undefined;
  let scrapes = 0;
  let failed = 0;
  for (const contender of contenders) {
    const ops = await freePort();
    const started = await stage.startPeer(withFlags(peer, ops, contender), webApp, "h1");
    running.push({ contender, peer: started, costs: [] });
    await warmUp(started, stage, (seconds) => load(stage, started, seconds));
    if (contender.title.startsWith("scraped"))
      scraper = setInterval(() => {
        void fetch(`http://127.0.0.1:${ops}/metrics`, { headers: { accept: ACCEPT } })
          .then((answer) => answer.text())
          .then(() => scrapes++);
      }, SCRAPE_EVERY_MS);
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < running.length; turn++) {
      const { peer: one, costs } = running[(turn + round) % running.length]!;
      const before = one.cpu();
      const report = await load(stage, one, stage.pace.seconds);
      costs.push((one.cpu() - before) / report.requests);
      failed += report.failed;
    }
  }
  clearInterval(scraper);
  const plain = running[0]!.costs;
  let isWithin = failed === 0 && scrapes > 0;
  for (const { contender, costs } of running) {
    const ratio = median(costs.map((cost, round) => cost / plain[round]!));
    const { title, mostRatio } = contender;
    const promise = mostRatio === undefined ? "" : `, promised at most ${mostRatio}`;
    console.log(
      `  ${title.padEnd(20)} ${median(costs).toFixed(2)} us a request, ratio ${ratio.toFixed(3)}${promise}`,
    );
    if (mostRatio !== undefined && ratio > mostRatio) isWithin = false;
  }
  console.log(`  ${scrapes} scrapes, ${failed} requests failed`);
  return isWithin;
}

async function load(stage: Stage, { url }: RunningPeer, seconds: number) {
  const options = { url: `${url}/`, connections: CONNECTIONS, seconds };
  return readWrkReport(await stage.load(wrkCommand(options, stage.directory)));
}

/** The peer with a port of ops that is known, and further flags. */
function withFlags(peer: Peer, ops: number, { flags }: Contender): Peer {
  return {
    ...peer,
    async command(place) {
      const command = [...(await peer.command(place)), ...flags];
      command[command.indexOf("--ops") + 1] = `127.0.0.1:${ops}`;
      return command;
    },
  };
}

/** A collector that takes everything and keeps nothing. */
async function startSink() {
  let batches = 0;
  const server = createServer((request, answer) => {
    request.resume().on("end", () => {
      batches++;
      answer.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    batches: () => batches,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
