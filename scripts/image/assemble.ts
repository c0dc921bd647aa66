// `node scripts/image/assemble.ts --target FOLDER --out FOLDER [--tools]`: the tree of the sidecar's image, or the tools'. The
// target was made by scripts/image/target, and may be of another architecture than this machine; then Debian's qemu-user-static has to be here,
// since V8 compiles code for the Node of the image only (scripts/compiled-code.ts).

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles } from "../bundles.ts";
import { writeCompiledCode } from "../compiled-code.ts";
import { writeSidecarBill, writeToolsBill } from "../sbom.ts";
import { readElf } from "./elf.ts";
import { makeRootfs, type RootfsParts } from "./rootfs.ts";

const ROOT = join(import.meta.dirname, "../..");
const BILL = ["sluice.cdx.json", "licenses.txt"];
/** What the command line and the load test are made of. */
const SOURCES = ["bin", "clients", "examples", "loadtest", "src", "LICENSE", "package.json"];
const NOBODY = { uid: 65532, gid: 65532 };
const EMULATORS = { amd64: "qemu-x86_64-static", arm64: "qemu-aarch64-static" } as const;

export interface ImageParts {
  /** Made by scripts/image/target: `node`, `node.LICENSE`, `packages` and `libraries`. */
  readonly target: string;
  readonly out: string;
  /** Where the bundle is built; `sluice.js` and what belongs to it stay there. */
  readonly dist: string;
  /** Time of every file, s since 1970. */
  readonly time: number;
  /** Only root can give files away. */
  readonly isRoot: boolean;
}

/** Builds the bundle, its code, its bill of materials, and the tree. Rejects if any of it fails. */
export async function assemble(parts: ImageParts): Promise<void> {
  const { target, dist, time } = parts;
  const bundles = (await buildBundles(dist)).filter(({ name }) => name !== "cli");
  await writeCompiledCode(dist, commandOf(target));
  await writeSidecarBill(dist, target, time);
  const names = [...bundles.map(({ file }) => basename(file)), "sluice.code", ...BILL];
  makeRootfs({
    ...rootOf(parts),
    files: { ...filesOf(dist, names), "sluice/LICENSE": join(ROOT, "LICENSE") },
  });
}

/** The same for the tools, which run from their sources: the load test starts sluice and apps in processes of their own. */
export function assembleTools(parts: ImageParts): void {
  const { target, dist, time } = parts;
  writeToolsBill(dist, target, time);
  const files = { ...filesOf(ROOT, SOURCES), ...filesOf(dist, BILL) };
  makeRootfs({ ...rootOf(parts), files: { ...files, "sluice/node_modules": join(target, "node_modules") } });
}

function rootOf({ target, out, time, isRoot }: ImageParts): Omit<RootfsParts, "files"> {
  const user = isRoot ? NOBODY : undefined;
  return { out, node: join(target, "node"), libraries: join(target, "libraries"), time, user };
}

function filesOf(folder: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`sluice/${name}`, join(folder, name)]));
}

/** How the target's Node is run here. */
function commandOf(target: string): readonly string[] {
  const node = join(target, "node");
  const { architecture } = readElf(readFileSync(node));
  const isOurs = architecture === (process.arch === "x64" ? "amd64" : process.arch);
  return isOurs ? [node] : [EMULATORS[architecture], "-L", join(target, "libraries"), node];
}

if (import.meta.main) {
  const { target, out, tools } = parseArgs({
    options: { target: { type: "string" }, out: { type: "string" }, tools: { type: "boolean" } },
  }).values;
  if (!target || !out) throw new Error("--target and --out are needed");
  const dist = join(ROOT, "dist");
  const time = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
  const parts = { target, out, dist, time, isRoot: process.getuid?.() === 0 };
  if (tools) assembleTools(parts);
  else await assemble(parts);
}
