// Memory of a process and its descendants, by /proc.

import { readFileSync } from "node:fs";
import { processTree } from "./process-tree.ts";

export interface Memory {
  /** Resident memory, MB (10^6 bytes). What the processes of a tree share with others counts once. */
  readonly rss: number;
  /** Proportional: what is shared with anybody counts by its share, MB. */
  readonly pss: number;
}

const MB_A_KIB = 1_024 / 1e6;

export function memoryOf(pid: number): Memory {
  return sumOf(processTree(pid).map((member) => readFileSync(`/proc/${member}/smaps_rollup`, "utf8")));
}

/**
 * From the smaps_rollup of each process. All of them run the same program, so the largest shared part stands for all;
 * for one process the sum is its resident set.
 */
export function sumOf(rollups: readonly string[]): Memory {
  let own = 0;
  let shared = 0;
  let pss = 0;
  for (const text of rollups) {
    const exclusive = kib(text, "Private_Clean") + kib(text, "Private_Dirty");
    own += exclusive;
    shared = Math.max(shared, kib(text, "Rss") - exclusive);
    pss += kib(text, "Pss");
  }
  return { rss: (own + shared) * MB_A_KIB, pss: pss * MB_A_KIB };
}

function kib(text: string, name: string): number {
  const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`smaps_rollup names no ${name}`);
  return Number(value);
}
