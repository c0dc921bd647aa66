import { expect, test } from "vitest";
import type { BenchCase, Sample } from "./cases/bench-case.ts";
import { measureAll } from "./measurement.ts";
import type { Peer, Protocol } from "./peers/peer.ts";
import { Ended } from "./stage/readiness.ts";
import type { RunningPeer, Stage } from "./stage/stage.ts";

const app = { name: "web" as const, programs: [], command: () => [] };

const peerOf = (name: string, protocols: readonly Protocol[] = ["h1"]): Peer => ({
  name,
  title: name,
  protocols,
  programs: [],
  command: () => Promise.resolve([]),
});

/** A stage on which proxies are names. */
function stageOf(startPeer: (peer: Peer) => RunningPeer, log: string[]): Stage {
  return {
    pace: { seconds: 1, warmUpSeconds: 1, rate: 1 },
    directory: "",
    appPort: () => Promise.resolve(1),
    startPeer: async (peer) => startPeer(peer),
    direct: () => Promise.resolve(running("direct")),
    load: () => Promise.resolve(""),
    startLoad: () => {
      throw new Error("no load here");
    },
    clear: async () => void log.push("clear"),
    close: () => Promise.resolve(),
  };
}

const running = (url: string): RunningPeer => ({
  port: 1,
  url,
  startMs: 0,
  cpu: () => 0,
  memory: () => ({ rss: 0, pss: 0 }),
  stop: () => Promise.resolve(),
});

function caseOf(name: string, log: string[], more: Partial<BenchCase> = {}): BenchCase {
  return {
    name,
    meaning: name,
    app,
    protocol: "h1",
    programs: [],
    rows: [],
    async measure(start): Promise<Sample> {
      const { url } = await start();
      log.push(`${name} ${url}`);
      return { p50: url === "direct" ? 40 : 100 };
    },
    ...more,
  };
}

const all = (peer: Peer): RunningPeer => running(peer.name);

test("proxies take turns within each case, and cases within each round", async () => {
  const log: string[] = [];
  const cases = [caseOf("x", log), caseOf("y", log)];
  const peers = [peerOf("a"), peerOf("b")];
  const result = await measureAll({ cases, peers, rounds: 2 }, stageOf(all, log), () => {});
  expect(log.filter((line) => line !== "clear")).toEqual([
    "x a",
    "x b",
    "y a",
    "y b",
    "x a",
    "x b",
    "y a",
    "y b",
  ]);
  expect(result.cases.map(({ rounds }) => rounds.length)).toEqual([2, 2]);
});

test("what is added is the difference to the app in the same round", async () => {
  const cases = [caseOf("x", [], { addsToDirect: true })];
  const result = await measureAll({ cases, peers: [peerOf("a")], rounds: 1 }, stageOf(all, []), () => {});
  expect(result.cases[0]?.rounds[0]?.a).toEqual({ p50: 100, "p50-added": 60 });
});

test("a proxy that does not speak or accept it is left out of all rounds, and is no failure", async () => {
  const log: string[] = [];
  const refuse = (peer: Peer): RunningPeer => {
    log.push(`start ${peer.name}`);
    throw new Ended(peer.name, 64, "--engine: no such engine");
  };
  const peers = [peerOf("a", ["h2c"]), peerOf("b")];
  const result = await measureAll(
    { cases: [caseOf("x", log)], peers, rounds: 3 },
    stageOf(refuse, log),
    () => {},
  );
  expect(log).toEqual(["start b", "clear"]);
  expect(result.absences).toEqual([
    { case: "x", peer: "a", reason: "does not speak h1", isOffer: true },
    { case: "x", peer: "b", reason: "this version does not accept it", isOffer: true },
  ]);
});

test("a proxy that fails is a gap of that round, and what it left is cleared away", async () => {
  const log: string[] = [];
  let started = 0;
  const failOnce = (peer: Peer): RunningPeer => {
    if (started++ === 0) throw new Error("no port left");
    return running(peer.name);
  };
  const result = await measureAll(
    { cases: [caseOf("x", log)], peers: [peerOf("a")], rounds: 2 },
    stageOf(failOnce, log),
    () => {},
  );
  expect(log).toEqual(["clear", "x a", "clear"]);
  expect(result.absences).toEqual([{ case: "x", peer: "a", reason: "Error: no port left", isOffer: false }]);
  expect(result.cases[0]?.rounds).toEqual([{}, { a: { p50: 100 } }]);
});

test("an app that does not start ends the run", async () => {
  const stage = { ...stageOf(all, []), appPort: () => Promise.reject(new Error("no app")) };
  await expect(
    measureAll({ cases: [caseOf("x", [])], peers: [peerOf("a")], rounds: 1 }, stage, () => {}),
  ).rejects.toThrow("no app");
});
