// `npm run sbom [-- --target FOLDER]`: what the image carries, as dist/sluice.cdx.json (CycloneDX) and, with the texts of all
// licences, dist/licenses.txt. `npm sbom` says what the lock file names; of that stays what is in the bundle. Node comes
// with all that it is made of; with --target (a folder made by scripts/image/target) the Debian packages are named as well.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles } from "./bundles.ts";

const ROOT = join(import.meta.dirname, "..");

export interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly "bom-ref": string;
  readonly purl?: string;
  readonly licenses?: readonly unknown[];
  readonly components?: readonly Component[];
}

interface Bill {
  readonly metadata: { readonly component: Component; readonly tools: unknown };
  readonly components: readonly Component[];
}

/** `name@version`, as npm refers to packages, of those in the folders. */
export function packagesOf(folders: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    folders.map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return [`${name}@${version}`, folder];
    }),
  );
}

/** The bill of materials of an image, the same text for the same parts. Throws if npm does not know a package. */
export function billOf(carried: Iterable<string>, others: readonly Component[], time: number): string {
  const npm = ["sbom", "--sbom-format=cyclonedx", "--package-lock-only", "--loglevel=error"];
  const all = JSON.parse(execFileSync("npm", npm, { cwd: ROOT, encoding: "utf8", maxBuffer: 1e8 })) as Bill;
  const known = new Map(all.components.map((one) => [one["bom-ref"], one]));
  const components = [...carried].map((ref) => {
    const component = known.get(ref);
    if (!component) throw new Error(`npm sbom does not name ${ref}`);
    return component;
  });
  const bill = {
    ...all,
    metadata: {
      ...all.metadata,
      timestamp: new Date(time * 1_000).toISOString(),
      lifecycles: [{ phase: "build" }],
      component: { ...all.metadata.component, type: "application", name: "sluice" },
    },
    components: [...components, ...others],
    dependencies: undefined,
  };
  const digest = createHash("sha256").update(JSON.stringify(bill.components)).digest("hex");
  const uuid = digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, "$1-$2-5$3-8$4-$5");
  return `${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${uuid}` }, undefined, 2)}\n`;
}

/** Node and what it is made of, as that Node says. */
export function nodeComponent(versions: Readonly<Record<string, string>>): Component {
  const { node = "", ...parts } = versions;
  return {
    type: "platform",
    name: "node",
    version: node,
    "bom-ref": `node@${node}`,
    purl: `pkg:generic/node@${node}`,
    licenses: [{ license: { id: "MIT" } }],
    components: Object.entries(parts).map(([name, version]) => ({
      type: "library",
      name,
      version,
      "bom-ref": `node@${node}/${name}@${version}`,
    })),
  };
}

/** Lines "name version architecture". */
export function debianComponents(packages: string): readonly Component[] {
  return packages
    .trim()
    .split("\n")
    .map((line) => {
      const [name = "", version = "", architecture = ""] = line.split(" ");
      const purl = `pkg:deb/debian/${name.replaceAll("+", "%2B")}@${version}?arch=${architecture}`;
      return { type: "library", name, version, "bom-ref": purl, purl };
    });
}

function licenceOf(folder: string): string {
  const [file] = globSync("{LICENSE,LICENCE,license,licence}*", { cwd: folder }).sort();
  if (file !== undefined) return readFileSync(join(folder, file), "utf8");
  const { license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${license}, as its package says, without the text. Author: ${author?.name ?? author ?? "not named"}\n`;
}

function under(title: string, text: string): string {
  return `${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n\n${text.trim()}\n\n`;
}

/** Writes `sluice.cdx.json` and `licenses.txt` of the sidecar; `target` is a folder made by scripts/image/target. Resolves with the number of parts. */
export async function writeSidecarBill(
  folder: string,
  target: string | undefined,
  time: number,
): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), "sluice-sbom-"));
  const bundles = await buildBundles(scratch).finally(() => rmSync(scratch, { recursive: true }));
  const folders = bundles.filter(({ name }) => name !== "cli").flatMap(({ packages }) => packages);
  return write(folder, packagesOf(folders.map((path) => join(ROOT, path)).sort()), target, time);
}

/** The same of the tools, which carry the packages below `target`'s node_modules. */
export function writeToolsBill(folder: string, target: string, time: number): number {
  const manifests = globSync("**/node_modules/{*,@*/*}/package.json", { cwd: target }).sort();
  return write(folder, packagesOf(manifests.map((path) => join(target, dirname(path)))), target, time);
}

function write(
  folder: string,
  packages: ReadonlyMap<string, string>,
  target: string | undefined,
  time: number,
): number {
  // The Node that runs this is the pinned one, and of one version for all architectures.
  const others = [nodeComponent(process.versions as Record<string, string>)];
  let texts = [...packages].map(([ref, path]) => under(ref, licenceOf(path))).join("");
  if (target !== undefined) {
    const debian = debianComponents(readFileSync(join(target, "packages"), "utf8"));
    texts += under(`node@${process.versions.node}`, readFileSync(join(target, "node.LICENSE"), "utf8"));
    for (const { name } of debian) {
      texts += under(name, readFileSync(join(target, "libraries/usr/share/doc", name, "copyright"), "utf8"));
    }
    others.push(...debian);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "sluice.cdx.json"), billOf(packages.keys(), others, time));
  writeFileSync(join(folder, "licenses.txt"), texts);
  return packages.size + others.length;
}

if (import.meta.main) {
  const { target } = parseArgs({ options: { target: { type: "string" } } }).values;
  const parts = await writeSidecarBill(
    join(ROOT, "dist"),
    target,
    Number(process.env.SOURCE_DATE_EPOCH ?? 0),
  );
  console.log(`dist/sluice.cdx.json, dist/licenses.txt: ${parts} parts`);
}
