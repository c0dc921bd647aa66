// One thing that is measured of every proxy.

import type { App } from "../apps/app.ts";
import type { Protocol } from "../peers/peer.ts";
import type { Program } from "../stage/program.ts";
import type { RunningPeer, Stage } from "../stage/stage.ts";

/** What one measurement gave, by key. Keys that no row shows are in the JSON only. */
export type Sample = Readonly<Record<string, number>>;

/** A line of the tables. */
export interface Row {
  /** Of the sample. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** As a ratio to nginx in the same round, or as it is. */
  readonly as: "ratio" | "value";
}

/** Starts the proxy that is measured, anew each time. */
export type StartPeer = () => Promise<RunningPeer>;

export interface BenchCase {
  /** As on the command line. */
  readonly name: string;
  /** One line for the help. */
  readonly meaning: string;
  readonly app: App;
  readonly protocol: Protocol;
  readonly programs: readonly Program[];
  readonly rows: readonly Row[];
  /** The app is measured too, without a proxy: each key K of the sample gets a `K-added`, the difference to it in the same round. */
  readonly addsToDirect?: true;
  /** Names of proxies that cannot do this, each with the reason. */
  readonly except?: Readonly<Record<string, string>>;
  measure(start: StartPeer, stage: Stage): Promise<Sample>;
}
