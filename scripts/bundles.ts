// What the bundles are made of. esbuild enters here and only here.

import { build, type Metafile } from "esbuild";

export interface Bundle {
  readonly name: "sluice" | "cli";
  readonly file: string;
  readonly bytes: number;
  /** Paths of the sources that the bundle is made of, relative to the checkout. */
  readonly inputs: readonly string[];
  /** Sources that run when the bundle starts: those that no dynamic import stands before. */
  readonly inputsAtStart: readonly string[];
}

const ROOT = new URL("..", import.meta.url).pathname;
const ENTRIES = { sluice: "src/main.ts", cli: "src/cli/main.ts" } as const;

/** Some packages are CommonJS and call require for node's own modules, which an ES module has to make for itself. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** Writes `sluice.js` and `cli.js` into the folder. Rejects with esbuild's errors. */
export async function buildBundles(folder: string): Promise<readonly Bundle[]> {
  return [await buildBundle("sluice", folder), await buildBundle("cli", folder)];
}

export async function buildBundle(name: Bundle["name"], folder: string): Promise<Bundle> {
  const file = `${folder}/${name}.js`;
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRIES[name]],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minify: true,
    // Errors name functions and classes, and the log shows stacks.
    keepNames: true,
    legalComments: "none",
    metafile: true,
    banner: { js: name === "cli" ? `#!/usr/bin/env node\n${BANNER}` : BANNER },
    // In the command line's bundle src/main.ts is a part, not the entry.
    define: { "import.meta.main": name === "sluice" ? "true" : "false" },
    external: name === "cli" ? CHECKOUT_ONLY : [],
    logLevel: "warning",
  });
  const entry = ENTRIES[name];
  return {
    name,
    file,
    bytes: Object.values(metafile.outputs)[0]!.bytes,
    inputs: Object.keys(metafile.inputs),
    inputsAtStart: [...reachable(metafile, entry)],
  };
}

/** The load test starts example apps from their sources: it stays in the checkout. */
const CHECKOUT_ONLY = ["../../loadtest/main.ts"];

function reachable(metafile: Metafile, entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const { path, kind } of metafile.inputs[entry]?.imports ?? []) {
    if (kind !== "dynamic-import") reachable(metafile, path, seen);
  }
  return seen;
}
