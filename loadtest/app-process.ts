// One life of the recording app: a process of its own, so that it can be killed.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "./child.ts";

export interface AppOptions {
  readonly directory: string;
  readonly port: number;
  readonly slot: string;
  readonly version: string;
  /** host:port of sluice's control server; undefined: no handshake. */
  readonly control: string | undefined;
  /** Further flags of app.ts, e.g. ["--at-term", "at-once"]. */
  readonly flags: readonly string[];
}

export interface AppProcess {
  readonly child: Child;
  readonly slot: string;
  readonly version: string;
  readonly record: string;
  /** Resolves, with the moment, once sluice has accepted the handshake (listening, where there is none). */
  readonly ready: Promise<number>;
}

const START_MS = 10_000;

/** Starts the app; `life` keeps the record files of several lives apart. */
export function startApp(options: AppOptions, life: number): AppProcess {
  const { directory, port, slot, version, control, flags } = options;
  const record = join(directory, `app-${life}-${slot}-${version}.record`);
  const main = fileURLToPath(new URL("./app.ts", import.meta.url));
  const child = startChild(
    [
      main,
      "--port",
      `${port}`,
      "--slot",
      slot,
      "--version",
      version,
      "--record",
      record,
      ...(control ? ["--control", control] : []),
      ...flags,
    ],
    process.env,
  );
  const word = control ? "accepted" : "listening";
  const ready = child.line(({ type }) => type === word, START_MS).then(({ at }) => at);
  // Whoever kills the app before it is ready is not interested.
  ready.catch(() => {});
  return { child, slot, version, record, ready };
}
