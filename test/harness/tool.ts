// Tests that need a program of the machine: without it they are skipped by name, and with CI=true that is a failure.

import { spawnSync } from "node:child_process";
import { describe, it } from "vitest";

export interface Tool {
  readonly name: string;
  /** Prints something and exits with 0 where the tool is there and fit. */
  readonly probe: readonly [program: string, ...args: string[]];
}

/** Declares the tests if every tool is there. */
export function describeWith(tools: readonly Tool[], title: string, body: () => void): void {
  const missing = tools.filter(({ probe: [program, ...args] }) => spawnSync(program, args).status !== 0);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const reason = `${missing.map(({ name }) => name).join(" and ")} cannot be run here`;
  if (process.env.CI === "true") {
    it(title, () => {
      throw new Error(`${reason}, and CI=true allows no skip`);
    });
  } else {
    console.warn(`SKIPPED ${title}: ${reason}`);
    describe.skip(`${title} (skipped: ${reason})`, body);
  }
}
