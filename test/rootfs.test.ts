// The tree of the sidecar's image, put together of this machine's libraries: what is in it, and that it runs with nothing
// else around it. test/image looks at the images themselves.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildBundles } from "../scripts/bundles.ts";
import { isElf, readElf } from "../scripts/image/elf.ts";
import { librariesOf } from "../scripts/image/libraries.ts";
import { makeRootfs } from "../scripts/image/rootfs.ts";
import { surveyOf } from "../scripts/image/survey.ts";
import { VERSION } from "../src/version.ts";
import { createCleanUp } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

const MB = 1e6;
const TIME = 1_700_000_000;
let root: string;

beforeAll(async () => {
  const folder = cleanUp.folder();
  await buildBundles(folder);
  root = join(folder, "rootfs");
  const files = {
    "sluice/start.js": join(folder, "start.js"),
    "sluice/sluice.js": join(folder, "sluice.js"),
  };
  makeRootfs({ out: root, node: process.execPath, libraries: "/", files, time: TIME, user: undefined });
});

test("Node, its libraries, the bundle, three lines of accounts, and nothing else", () => {
  const { files, programs } = surveyOf(root);
  expect(files.filter((path) => !/^(usr\/)?lib(64)?\//.test(path))).toEqual([
    "etc/group",
    "etc/nsswitch.conf",
    "etc/passwd",
    "sluice/sluice.js",
    "sluice/start.js",
    "usr/local/bin/node",
  ]);
  expect(programs).toEqual([]);
  expect(files.filter((path) => path.includes("node_modules"))).toEqual([]);
});

test("it weighs Node and at most 30 MB more", () => {
  expect(surveyOf(root).bytesBesideNode).toBeLessThan(30 * MB);
});

test("every file has the one time, and none may be written by others", () => {
  const { files } = surveyOf(root);
  expect(files.filter((path) => statSync(join(root, path)).mtimeMs !== TIME * 1_000)).toEqual([]);
  expect(files.filter((path) => (statSync(join(root, path)).mode & 0o022) !== 0)).toEqual([]);
  expect(statSync(join(root, "tmp")).mode & 0o7777).toBe(0o1777);
});

test("with this tree as its root, sluice runs", () => {
  const inside = [
    "--map-root-user",
    `--root=${root}`,
    "/usr/local/bin/node",
    "/sluice/start.js",
    "--version",
  ];
  const { stdout, stderr } = spawnSync("unshare", inside, { encoding: "utf8" });
  expect([stdout, stderr]).toEqual([`sluice ${VERSION}\n`, ""]);
});

test("a shell, a package manager or a tool would be found", () => {
  const other = join(cleanUp.folder(), "rootfs");
  cpSync(root, other, { recursive: true });
  mkdirSync(join(other, "bin"));
  copyFileSync("/bin/sh", join(other, "bin/sh"));
  writeFileSync(join(other, "usr/local/bin/npm"), "#!/usr/bin/env node\n");
  chmodSync(join(other, "usr/local/bin/npm"), 0o755);
  expect(surveyOf(other).programs).toEqual(["bin/sh", "usr/local/bin/npm"]);
});

test("an ELF file says which libraries it needs; what is none is refused", () => {
  const node = readElf(readFileSync(process.execPath));
  expect(node.architecture).toBe(process.arch === "x64" ? "amd64" : "arm64");
  expect(node.needed).toContain("libc.so.6");
  expect(librariesOf(process.execPath, "/")).toContain(node.interpreter);
  expect(() => librariesOf(process.execPath, root.replace(/rootfs$/, "nowhere"))).toThrow("is not below");
  expect(isElf(Buffer.from("#!/bin/sh\n"))).toBe(false);
  expect(() => readElf(Buffer.alloc(64))).toThrow("not an ELF file");
});
