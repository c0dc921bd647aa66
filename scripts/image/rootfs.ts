// The tree of an image, made of the pinned Node of its architecture, what that Node needs of a Debian of its architecture,
// and files of ours. Nothing of it runs here: an image for arm64 is put together on amd64.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  type Dirent,
  existsSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { librariesOf } from "./libraries.ts";

export interface RootfsParts {
  /** Folder to make; it must not exist. */
  readonly out: string;
  /** The Node of the image. */
  readonly node: string;
  /** Root of the system from which its libraries are taken. */
  readonly libraries: string;
  /** Files and folders of ours: their place in the image, and where they are now. */
  readonly files: Readonly<Record<string, string>>;
  /** Time of every file, s since 1970. */
  readonly time: number;
  /** Owner of /run/sluice; only root can give files away. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

const TEXTS: Readonly<Record<string, string>> = {
  "etc/passwd": "sluice:x:65532:65532:sluice:/:/none\n",
  "etc/group": "sluice:x:65532:\n",
  // Without it glibc asks DNS for localhost.
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/** Makes the tree. Throws if something is missing. */
export function makeRootfs({ out, node, libraries, files, time, user }: RootfsParts): void {
  if (existsSync(out)) throw new Error(`${out} is there already`);
  place(node, join(out, "usr/local/bin/node"), 0o755);
  for (const path of librariesOf(node, libraries)) place(join(libraries, path), join(out, path), 0o755);
  for (const [path, from] of Object.entries(files)) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    cpSync(from, join(out, path), { recursive: true, dereference: true });
  }
  for (const [path, text] of Object.entries(TEXTS)) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  }
  mkdirSync(join(out, "tmp"));
  mkdirSync(join(out, "run/sluice"), { recursive: true });
  const isExecutable = (path: string) =>
    path.startsWith("usr/local/bin/") || /^(usr\/)?lib(64)?\//.test(path);
  for (const entry of treeOf(out)) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() || isExecutable(path.slice(out.length + 1)) ? 0o755 : 0o644);
  }
  chmodSync(join(out, "tmp"), 0o1777);
  if (user) lchownSync(join(out, "run/sluice"), user.uid, user.gid);
  for (const entry of treeOf(out)) lutimesSync(join(entry.parentPath, entry.name), time, time);
  lutimesSync(out, time, time);
}

function place(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

/** Everything below a folder, what is deepest first. */
function treeOf(folder: string): readonly Dirent[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reverse();
}
