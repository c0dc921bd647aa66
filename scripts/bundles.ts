// What the bundles are made of. esbuild enters here and only here.

import { build, type Metafile } from "esbuild";
import { diet } from "./diet.ts";

export interface Bundle {
  readonly name: "sluice" | "cli";
  readonly file: string;
  readonly bytes: number;
  /** Sources that the bundle is made of, as paths relative to the checkout. */
  readonly inputs: readonly string[];
  /** Those of them that run when the bundle starts: no dynamic import stands before them. */
  readonly inputsAtStart: readonly string[];
}

const ROOT = new URL("..", import.meta.url).pathname;
const ENTRIES = { sluice: "src/main.ts", cli: "src/cli/main.ts" } as const;

/** The load test starts example apps from their sources: it stays in the checkout. */
const CHECKOUT_ONLY = ["../../loadtest/main.ts"];

/** CommonJS packages call require for node's own modules; an ES module has to make one for itself. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** Writes `sluice.js` and `cli.js` into the folder. Rejects with esbuild's errors. */
export async function buildBundles(folder: string): Promise<readonly Bundle[]> {
  return [await buildBundle("sluice", folder), await buildBundle("cli", folder)];
}

async function buildBundle(name: Bundle["name"], folder: string): Promise<Bundle> {
  const entry = ENTRIES[name];
  const file = `${folder}/${name}.js`;
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // Identifiers stay: the log shows stacks, errors name their classes, and shorter names start no faster.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    banner: { js: name === "cli" ? `#!/usr/bin/env node\n${BANNER}` : BANNER },
    // In the command line's bundle src/main.ts is a part, not the entry.
    define: { "import.meta.main": name === "sluice" ? "true" : "false" },
    external: name === "cli" ? CHECKOUT_ONLY : [],
    plugins: [diet],
    logLevel: "warning",
  });
  return {
    name,
    file,
    bytes: Object.values(metafile.outputs)[0]!.bytes,
    inputs: Object.keys(metafile.inputs),
    inputsAtStart: [...reachable(metafile, entry)],
  };
}

function reachable(metafile: Metafile, entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const { path, kind } of metafile.inputs[entry]?.imports ?? []) {
    if (kind !== "dynamic-import") reachable(metafile, path, seen);
  }
  return seen;
}
