// The rounds of a comparison: in each, every case, and in each case every proxy in turn, so that what changes on the machine
// changes for all of them.

import type { BenchCase, Sample } from "./cases/bench-case.ts";
import type { Peer } from "./peers/peer.ts";
import { NOT_ACCEPTED } from "./peers/sluice.ts";
import { type Absence, type CaseResult, DIRECT, withAdded } from "./report/result.ts";
import { Ended } from "./stage/readiness.ts";
import type { Stage } from "./stage/stage.ts";

export interface Measured {
  readonly cases: readonly CaseResult[];
  readonly absences: readonly Absence[];
}

/** Measures all of it; a proxy that fails in a case is absent there, with the reason. `tell` hears how far it is. */
export async function measureAll(
  options: { readonly cases: readonly BenchCase[]; readonly peers: readonly Peer[]; readonly rounds: number },
  stage: Stage,
  tell: (line: string) => void,
): Promise<Measured> {
  const { cases, peers, rounds } = options;
  const absences: Absence[] = [];
  const gathered = cases.map((one) => ({ one, rounds: [] as Record<string, Sample>[] }));

  function isAbsent(name: string, peer: string): boolean {
    return absences.some((absence) => absence.case === name && absence.peer === peer && absence.isOffer);
  }

  function leaveOut(one: BenchCase, peer: Peer): void {
    const reason =
      one.except?.[peer.name] ??
      (peer.protocols.includes(one.protocol) ? undefined : `does not speak ${one.protocol}`);
    if (reason !== undefined) absences.push({ case: one.name, peer: peer.name, reason, isOffer: true });
  }

  async function measure(
    one: BenchCase,
    peer: Peer,
    direct: Sample | undefined,
  ): Promise<Sample | undefined> {
    try {
      const sample = await one.measure(() => stage.startPeer(peer, one.app, one.protocol), stage);
      return direct ? withAdded(sample, direct) : sample;
    } catch (error) {
      const isOffer = error instanceof Ended && error.code === NOT_ACCEPTED;
      const reason = isOffer ? "this version does not accept it" : String(error);
      absences.push({ case: one.name, peer: peer.name, reason, isOffer });
      tell(`  ${peer.title}: ${String(error)}`);
      return undefined;
    } finally {
      await stage.clear();
    }
  }

  for (const { one } of gathered) for (const peer of peers) leaveOut(one, peer);
  for (let round = 1; round <= rounds; round++)
    for (const { one, rounds: samples } of gathered) {
      tell(`round ${round} of ${rounds}, ${one.name}: ${one.meaning}`);
      // An app that does not start is nobody's absence: it ends the run.
      await stage.appPort(one.app);
      const sampled: Record<string, Sample> = {};
      if (one.addsToDirect) sampled[DIRECT] = await one.measure(() => stage.direct(one.app), stage);
      for (const peer of peers) {
        if (isAbsent(one.name, peer.name)) continue;
        const sample = await measure(one, peer, sampled[DIRECT]);
        if (!sample) continue;
        sampled[peer.name] = sample;
        tell(`  ${peer.title}: ${describe(sample)}`);
      }
      samples.push(sampled);
    }
  return {
    cases: gathered.map(({ one, rounds: samples }) => ({
      name: one.name,
      meaning: one.meaning,
      rows: one.rows,
      rounds: samples,
    })),
    absences,
  };
}

function describe(sample: Sample): string {
  return Object.entries(sample)
    .map(([key, value]) => `${key} ${Math.abs(value) < 1_000 ? value.toPrecision(3) : value.toFixed(0)}`)
    .join(", ");
}
