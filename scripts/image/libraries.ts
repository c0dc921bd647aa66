// The libraries that a program needs to run, found as its loader would find them, below a folder that is some system's root.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Elf, readElf } from "./elf.ts";

const TRIPLES = { amd64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" } as const;

/** Paths, from the root, of the loader and of every library that the program or one of its libraries names. Throws if one is missing. */
export function librariesOf(program: string, root: string): readonly string[] {
  const { architecture, interpreter, needed } = readElf(readFileSync(program));
  const found = new Set<string>();
  if (interpreter !== undefined) found.add(interpreter);
  const waiting = [...needed];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const path = locate(name, architecture, root);
    if (found.has(path) || path.endsWith(`/${interpreter?.split("/").at(-1)}`)) continue;
    found.add(path);
    waiting.push(...readElf(readFileSync(join(root, path))).needed);
  }
  return [...found].sort();
}

function locate(name: string, architecture: Elf["architecture"], root: string): string {
  const triple = TRIPLES[architecture];
  const folders = [`/lib/${triple}`, `/usr/lib/${triple}`, "/lib", "/usr/lib", "/lib64"];
  const path = folders.map((folder) => `${folder}/${name}`).find((one) => existsSync(join(root, one)));
  if (path === undefined) throw new Error(`${name} for ${architecture} is not below ${root}`);
  return path;
}
