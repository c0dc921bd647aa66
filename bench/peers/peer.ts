// A proxy that is measured.

import type { Program } from "../stage/program.ts";

/** What clients and app speak: HTTP/1.1, or HTTP/2 without TLS. */
export type Protocol = "h1" | "h2c";

export interface Place {
  /** An empty folder of this launch's own. */
  readonly directory: string;
  readonly protocol: Protocol;
  /** Port on which the proxy is to listen, on 127.0.0.1. */
  readonly listen: number;
  /** Port of the app, on 127.0.0.1. */
  readonly app: number;
  /** Folder of sluice's bundle. */
  readonly bundle: string;
  /** A free port for whatever else the proxy listens on. */
  freePort(): Promise<number>;
}

export interface Peer {
  /** As on the command line. */
  readonly name: string;
  /** As in tables. */
  readonly title: string;
  readonly protocols: readonly Protocol[];
  readonly programs: readonly Program[];
  /** The command that runs it in the foreground. Writes its configuration, if it has one, into the place's folder. */
  command(place: Place): Promise<readonly string[]>;
}
