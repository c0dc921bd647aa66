// Folders for sockets, binaries and files of a suite, gone when it has ended.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Call it while the suite is described. Returns the function that makes a new, empty folder and returns its path. */
export function scratchFolders(): () => string {
  let root: string | undefined;
  afterAll(() => {
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });
  return () => {
    root ??= mkdtempSync(join(tmpdir(), "sluice-clients-"));
    return mkdtempSync(join(root, "-"));
  };
}
