// A judge is a program that is not ours and reads HTTP or WebSocket by its own rules: it sits on one side or both of sluice.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { NamedEngine } from "../security/engines.ts";

export interface Verdict {
  readonly what: string;
  /** Undefined: nothing to object to. */
  readonly fault: string | undefined;
}

export interface Judge {
  readonly name: string;
  /** Debian's packages, and a command that fails where one is missing. */
  readonly needs: {
    readonly packages: string;
    readonly probe: readonly [command: string, ...args: string[]];
  };
  hear(engine: NamedEngine): Promise<Verdict[]>;
}

/** Debian's own, for which the packages are. */
export const PYTHON = "/usr/bin/python3";

const run = promisify(execFile);

/** What is missing for the judge to be heard; undefined if nothing is. */
export async function missingFor({ needs }: Judge): Promise<string | undefined> {
  const [command, ...args] = needs.probe;
  try {
    await run(command, args);
    return undefined;
  } catch (error) {
    // Programs that only print their usage may end with any code.
    const isThere =
      error instanceof Error && "code" in error && typeof error.code === "number" && command !== PYTHON;
    return isThere ? undefined : `apt-get install ${needs.packages}`;
  }
}
