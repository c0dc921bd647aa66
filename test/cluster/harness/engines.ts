// Which of sluice's engines carries the requests in a test.

import type { Config } from "../../../src/config/config.ts";

export type Engine = Config["engine"];

/** Those that scenarios named "with every engine" run with. SLUICE_ENGINES names others, separated by commas. */
export function enginesFrom(env: NodeJS.ProcessEnv): readonly Engine[] {
  return (env.SLUICE_ENGINES ?? "standard,wire").split(",").map((name) => {
    if (name !== "standard" && name !== "wire") throw new Error(`SLUICE_ENGINES: no engine ${name}`);
    return name;
  });
}

/** What all other scenarios run with: the only one that SLUICE_ENGINES names, or sluice's default (undefined). */
export function engineFrom(env: NodeJS.ProcessEnv): Engine | undefined {
  const [first, ...others] = enginesFrom(env);
  return others.length === 0 ? first : undefined;
}
