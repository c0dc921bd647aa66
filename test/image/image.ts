// An image out of buildah's storage, as files.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface Image {
  readonly root: string;
  readonly architecture: string;
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Labels?: Readonly<Record<string, string>>;
  };
}

/** Unpacks all layers of an image below the folder. Throws if there is no such image. */
export function unpack(name: string, folder: string): Image {
  const packed = join(folder, "packed");
  const root = join(folder, "root");
  mkdirSync(root, { recursive: true });
  execFileSync("buildah", ["push", "--quiet", "--disable-compression", name, `dir:${packed}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const read = (file: string) => JSON.parse(readFileSync(join(packed, file), "utf8"));
  const blob = ({ digest }: { readonly digest: string }) => digest.replace("sha256:", "");
  const manifest = read("manifest.json");
  for (const layer of manifest.layers) execFileSync("tar", ["-xpf", join(packed, blob(layer)), "-C", root]);
  const { architecture, config } = read(blob(manifest.config));
  return { root, architecture, config };
}

/** A line for everything in a tree: mode, owner, time, hash, path. */
export function contentsOf(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const { mode, uid, gid, mtimeMs } = lstatSync(path);
      const what =
        (mode & 0o170000) === 0o100000
          ? hash(path)
          : (mode & 0o170000) === 0o120000
            ? readlinkSync(path)
            : "";
      return `${mode.toString(8)} ${uid}:${gid} ${mtimeMs / 1_000} ${what} ${path.slice(root.length)}`;
    });
}

function hash(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
