// Which samples are kept for those who ask later: the newest ones, and, of the older ones, those around the borders of
// phases, so that an upgrade of some hours ago can still be told.

import type { FlowSample } from "../api/backend.ts";

export interface KeptSamples {
  add(sample: FlowSample): void;
  /** Those with an id above `id`, oldest first. */
  after(id: number): readonly FlowSample[];
}

const NEWEST = 600;
const OLDER = 600;
/** How far from a border a sample still belongs to its story, ms. */
const NEAR_MS = 15_000;

export function createKeptSamples(newest = NEWEST, older = OLDER): KeptSamples {
  const recent: FlowSample[] = [];
  const past: FlowSample[] = [];

  /** The sample leaves `recent`: whatever follows within NEAR_MS is there still. */
  function retire(sample: FlowSample): void {
    const { monotonicMs: at } = sample;
    const isNear = (other: FlowSample) =>
      other.event !== undefined && Math.abs(other.monotonicMs - at) <= NEAR_MS;
    const follows = recent.findIndex((other) => other.monotonicMs > at + NEAR_MS);
    const near = follows === -1 ? recent : recent.slice(0, follows);
    if (!isNear(sample) && !near.some(isNear) && !past.slice(-NEAR_MS / 1_000).some(isNear)) return;
    past.push(sample);
    if (past.length > older) past.shift();
  }

  return {
    add(sample) {
      recent.push(sample);
      if (recent.length > newest) retire(recent.shift()!);
    },
    after: (id) => [...past, ...recent].filter((sample) => sample.id > id),
  };
}
