// The files of the repository as the rules see them: a path with "/" from its root, and a text.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly detail: string;
}

/** A rule looks at all sources at once and names what breaks it. */
export type Rule = (sources: readonly Source[]) => Violation[];

const LEFT_OUT = new Set([
  "node_modules",
  ".git",
  "dist",
  "coverage",
  "__pycache__",
  "package-lock.json",
  "LICENSE",
]);
const TEXT = /(^|\/)(run|Dockerfile[^/]*|[^/]+\.(ts|js|mjs|json|md|sh|py|go|mod|ya?ml|toml|txt))$/;

/** Every text file under `root`, but for what is generated or installed. */
export function readSources(root: string): Source[] {
  const sources: Source[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (LEFT_OUT.has(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && TEXT.test(path)) {
        sources.push({ path, text: readFileSync(join(root, path), "utf8") });
      }
    }
  };
  walk("");
  return sources;
}

export function isTypeScript({ path }: Source): boolean {
  return path.endsWith(".ts");
}

/** Tests, and what only tests import. */
export function isTest({ path }: Source): boolean {
  return /\.(test|fixture)\.ts$|^test\/|\/testing\/|-suite\//.test(path);
}

export function isProduct(source: Source): boolean {
  return source.path.startsWith("src/") && isTypeScript(source) && !isTest(source);
}

/** The rules about wording, and their test, must name what they forbid. */
export function namesWhatItForbids({ path }: Source): boolean {
  return path.startsWith("scripts/architecture/") || path === "test/architecture.test.ts";
}
