// What a TypeScript file imports, and whether anything of it is left at run time. Read from the text: the formatter
// puts every import statement at the beginning of a line.

import { dirname, join } from "node:path/posix";
import { codeOf } from "./code.ts";
import type { Source } from "./source.ts";

export interface Import {
  readonly specifier: string;
  /** `import type` and `export type` leave nothing at run time; everything else does. */
  readonly isType: boolean;
  readonly isExport: boolean;
  readonly isDynamic: boolean;
}

const STATEMENT = /^(import|export)\b(\s+type\b)?(?:[^"'`;=()]*?\bfrom\b)?\s*"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

export function importsOf({ text }: Source): Import[] {
  const code = codeOf(text);
  // The statement is looked for in the text, which has the specifiers; the code tells whether it stands in a string.
  const isCode = (index: number): boolean => code[index] === text[index] && code[index] !== " ";
  const found: Import[] = [];
  for (const match of text.matchAll(STATEMENT)) {
    if (!isCode(match.index)) continue;
    found.push({
      specifier: match[3]!,
      isType: match[2] !== undefined,
      isExport: match[1] === "export",
      isDynamic: false,
    });
  }
  for (const match of text.matchAll(DYNAMIC)) {
    if (!isCode(match.index)) continue;
    // `typeof import("x")` and `import("x").Type` are types; the words before and after tell.
    const isType = /\btypeof\s+$/.test(text.slice(0, match.index));
    found.push({ specifier: match[1]!, isType, isExport: false, isDynamic: true });
  }
  return found;
}

/** Path from the repository's root of a relative import; undefined for packages and builtins. */
export function targetOf(source: Source, { specifier }: Import): string | undefined {
  return specifier.startsWith(".") ? join(dirname(source.path), specifier) : undefined;
}

/** The package's name; undefined for relative imports and node's own modules. */
export function packageOf({ specifier }: Import): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}
