// .ci/run in a folder of its own, where programs of ours stand in for everything that it calls.

import { execFile } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createCleanUp, ROOT } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

/** What the script does its own work with. */
const REAL = ["dirname", "env", "id", "mktemp", "rm", "sed", "tail", "tee"];
const PRETENDED = ["apt-get", "chromium", "git", "go", "npm", "prometheus", "promtool", "python3", "sudo"];
const OF_THE_CLUSTER = ["up", "down", "status", "build-image"];

function pathOf(program: string): string {
  const path = process.env
    .PATH!.split(delimiter)
    .map((folder) => join(folder, program))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  if (path === undefined) throw new Error(`there is no ${program}`);
  return path;
}

/** Runs the script where every program does what `body` says; resolves with its exit code and its lines. */
function runWhereAll(body: string, hasCluster: boolean) {
  const folder = cleanUp.folder();
  const write = (path: string): void => {
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  };
  for (const name of [".ci", "bin", "cluster", "test", "test/collector"]) mkdirSync(join(folder, name));
  copyFileSync(join(ROOT, ".ci/run"), join(folder, ".ci/run"));
  write(join(folder, ".ci/app-images"));
  for (const program of REAL) symlinkSync(pathOf(program), join(folder, "bin", program));
  for (const program of PRETENDED) write(join(folder, "bin", program));
  for (const script of OF_THE_CLUSTER) write(join(folder, "cluster", script));
  const env = {
    PATH: join(folder, "bin"),
    ...(hasCluster ? { CLUSTER_SCRIPTS: join(folder, "cluster") } : {}),
  };
  return new Promise<{ code: number | null; lines: readonly string[]; err: string }>((resolve) => {
    const child = execFile(pathOf("bash"), [join(folder, ".ci/run")], { env }, (_error, out, err) =>
      resolve({ code: child.exitCode, lines: out.trimEnd().split("\n"), err }),
    );
  });
}

const failedOf = (lines: readonly string[]) => lines.filter((line) => line.startsWith("=== FAILED"));

test("where nothing can be run, the last line is still the sum", async () => {
  const { code, lines } = await runWhereAll("exit 1", true);
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatch(/^\d passed, [1-9]\d failed$/);
  expect(failedOf(lines)).toContain("=== FAILED: npm ci");
});

test("a script that ends early says the sum, and that it is not whole", async () => {
  const { code, lines, err } = await runWhereAll("exit 0", false);
  expect(code).toBe(1);
  expect(err).toContain("CLUSTER_SCRIPTS");
  expect(failedOf(lines).at(-1)).toBe("=== FAILED: it ended before its last step");
  expect(lines.at(-1)).toMatch(/^\d+ passed, [1-9]\d* failed$/);
});

test("programs that say that all is well, and have run no test, have failed", async () => {
  const { code, lines } = await runWhereAll("echo true", true);
  expect(failedOf(lines)).toEqual([]);
  // npm test, the judges, npm run test:image and npm run test:cluster, of which there is no count.
  expect(lines.at(-1)).toMatch(/^\d+ passed, 4 failed$/);
  expect(code).toBe(1);
});
