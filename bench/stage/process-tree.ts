import { readdirSync, readFileSync } from "node:fs";

/** Parent of each process now running, by its id. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name of the program stands in parentheses and may contain anything, parentheses too.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      found.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** Ids in `parentOf` of the process and all that descend from it, the process first. */
export function descendants(pid: number, parentOf: ReadonlyMap<number, number>): number[] {
  const tree = [pid];
  for (const one of tree) for (const [child, parent] of parentOf) if (parent === one) tree.push(child);
  return tree;
}

/** A process and its descendants, as they are now. */
export function processTree(pid: number): number[] {
  return descendants(pid, parents());
}
