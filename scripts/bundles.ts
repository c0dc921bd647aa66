// What the bundles are made of. esbuild enters here and only here.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { composePage } from "../src/page/compose.ts";
import { diet } from "./diet.ts";

export interface Bundle {
  readonly name: keyof typeof ENTRIES;
  readonly file: string;
  readonly bytes: number;
  /** Sources that the bundle is made of, as paths relative to the checkout. */
  readonly inputs: readonly string[];
  /** Those of them that run when the bundle starts: no dynamic import stands before them. */
  readonly inputsAtStart: readonly string[];
  /** Folders of the packages of which something is in the bundle, relative to the checkout. */
  readonly packages: readonly string[];
}

const ROOT = new URL("..", import.meta.url).pathname;
const ENTRIES = {
  sluice: "src/main.ts",
  start: "src/start.ts",
  cli: "src/cli/main.ts",
  tracing: "src/telemetry/tracing/tracing.ts",
} as const;

/** The load test starts example apps from their sources: it stays in the checkout. */
const CHECKOUT_ONLY = ["../../loadtest/main.ts"];

/** An ES module has to make require for itself; CommonJS packages call it for node's own modules. */
const MODULE = {
  format: "esm",
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
} satisfies BuildOptions;

/** Runs the same as a CommonJS module, as an ES module, and as a vm.Script, of which V8 can keep the compiled code. */
const SCRIPT = {
  format: "iife",
  banner: { js: "(require=>{" },
  footer: { js: '})(process.getBuiltinModule("node:module").createRequire("file:///"));' },
} satisfies BuildOptions;

/** Is required from either of the others, which lie in the same folder. */
const CHUNK = { format: "cjs" } satisfies BuildOptions;

const FORMS = { sluice: SCRIPT, start: SCRIPT, cli: MODULE, tracing: CHUNK } satisfies Record<
  string,
  BuildOptions
>;

/** Writes `sluice.js`, `start.js`, `cli.js` and `tracing.cjs` into the folder. Rejects with esbuild's errors. */
export async function buildBundles(folder: string): Promise<readonly Bundle[]> {
  const names = Object.keys(ENTRIES) as Bundle["name"][];
  const page = JSON.stringify(await composePage());
  return Promise.all(names.map((name) => buildBundle(name, folder, page)));
}

/** `page`: the status page as JSON; only those who run the sidecar carry it. */
async function buildBundle(name: Bundle["name"], folder: string, page: string): Promise<Bundle> {
  const entry = ENTRIES[name];
  const file = `${folder}/${name}.${name === "tracing" ? "cjs" : "js"}`;
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node24",
    // Identifiers stay: the log shows stacks, errors name their classes, and shorter names start no faster.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    ...FORMS[name],
    // In the command line's bundle src/main.ts is a part, not the entry.
    define: {
      "import.meta.main": name === "sluice" ? "true" : "false",
      SLUICE_IS_BUNDLE: "true",
      SLUICE_PAGE: page,
    },
    external: name === "cli" ? CHECKOUT_ONLY : [],
    plugins: [tracingApart(name === "cli" ? "import.meta.dirname" : "path.dirname(process.argv[1])"), diet],
    logLevel: "warning",
  });
  if (name === "sluice") sign(file);
  return {
    name,
    file,
    bytes: Object.values(metafile.outputs)[0]!.bytes,
    inputs: Object.keys(metafile.inputs),
    inputsAtStart: [...reachable(metafile, entry)],
    packages: packagesIn(metafile),
  };
}

/** Tracing stays a file of its own, which is not even read while it is off. `folder`: the code that tells where it lies. */
function tracingApart(folder: string): Plugin {
  return {
    name: "tracing apart",
    setup(build) {
      build.onResolve({ filter: /\/tracing\/tracing\.ts$/ }, ({ path, kind }) =>
        kind === "dynamic-import" ? { path, namespace: "apart" } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: "apart" }, () => ({
        contents: `const path = require("node:path"); export const { createTracing } = require(path.join(${folder}, "tracing.cjs"));`,
      }));
    },
  };
}

function packagesIn({ outputs }: Metafile): readonly string[] {
  const inputs = Object.entries(Object.values(outputs)[0]!.inputs).filter(([, one]) => one.bytesInOutput > 0);
  const folders = inputs.flatMap(
    ([path]) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

/** A first line by which src/start.ts tells whether compiled code belongs to this bundle. */
function sign(file: string): void {
  const code = readFileSync(file);
  writeFileSync(file, `// ${createHash("sha256").update(code).digest("hex")}\n${code}`);
}

function reachable(metafile: Metafile, entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const { path, kind } of metafile.inputs[entry]?.imports ?? []) {
    if (kind !== "dynamic-import") reachable(metafile, path, seen);
  }
  return seen;
}
