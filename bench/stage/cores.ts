// Which core the proxy has for itself, and which one load and app share.

import { readFileSync } from "node:fs";

export interface Cores {
  readonly proxy: number;
  readonly load: number;
}

/** Numbers of a kernel's list such as "0-3,8"; throws RangeError for anything else. */
export function readCoreList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .flatMap((part) => {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
      if (first === undefined) throw new RangeError(`not a list of cores: ${text}`);
      const from = Number(first);
      return Array.from({ length: Number(last ?? first) - from + 1 }, (_, index) => from + index);
    });
}

/** The cores on which this process may run. */
export function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return readCoreList(list ?? "");
}

/** The last core for the proxy and the first for load and app, or those that `wanted` ("PROXY,LOAD") names; throws RangeError. */
export function chooseCores(allowed: readonly number[], wanted: string | undefined): Cores {
  const [proxy, load] = wanted === undefined ? [allowed.at(-1), allowed[0]] : readCoreList(wanted);
  if (proxy === undefined || load === undefined || proxy === load)
    throw new RangeError("two cores are needed: one for the proxy, one for load and app");
  for (const core of [proxy, load])
    if (!allowed.includes(core))
      throw new RangeError(`core ${core} is not among those of this process: ${allowed.join(",")}`);
  return { proxy, load };
}
