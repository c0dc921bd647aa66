// What `npm ci` brings into a checkout.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./sluice.fixture.ts";

const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), "utf8"));
const { dependencies, devDependencies, optionalDependencies, allowScripts } = read("package.json");
const locked: Readonly<Record<string, { readonly resolved?: string; readonly hasInstallScript?: boolean }>> =
  read("package-lock.json").packages;

test("every version is exact", () => {
  const versions: readonly string[] = Object.values({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
  });
  expect(versions.length).toBeGreaterThan(20);
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("the lock file names no address", () => {
  expect(Object.entries(locked).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test("of each package with a script at its installation it is said whether that runs", () => {
  const withScript = Object.entries(locked)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.replace(/^.*node_modules\//, ""));
  expect(withScript.filter((name) => allowScripts[name] === undefined)).toEqual([]);
});
