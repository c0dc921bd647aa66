// What stands in the tree of an image that has no business there.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Architecture, isElf, readElf } from "./elf.ts";

export interface Survey {
  /** Every file, with its path from the root. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Of the files without Node itself. */
  readonly bytesBesideNode: number;
  /** Of each ELF file. */
  readonly architectures: ReadonlyMap<string, Architecture>;
  /** What can be executed and is neither Node nor a library: shells, package managers, tools. */
  readonly programs: readonly string[];
  /** Files and links that belong to somebody else than root, or that anybody may write. */
  readonly loose: readonly string[];
}

const NODE = "usr/local/bin/node";
const LIBRARY = /^(usr\/)?lib(64)?\/([^/]+\/)?[^/]+\.so(\.\d+)*$/;

export function surveyOf(root: string): Survey {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  const architectures = new Map<string, Architecture>();
  const programs: string[] = [];
  const loose: string[] = [];
  let bytes = 0;
  for (const path of entries) {
    const { size, mode, uid } = lstatSync(join(root, path));
    bytes += size;
    const content = readFileSync(join(root, path));
    if (isElf(content)) architectures.set(path, readElf(content).architecture);
    const isOurs = path === NODE || LIBRARY.test(path);
    if (!isOurs && ((mode & 0o111) !== 0 || isElf(content))) programs.push(path);
    if (uid !== 0 || (mode & 0o022) !== 0) loose.push(path);
  }
  return {
    files: entries,
    bytes,
    bytesBesideNode: bytes - lstatSync(join(root, NODE)).size,
    architectures,
    programs,
    loose,
  };
}
