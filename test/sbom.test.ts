// The bill of materials against the bundle itself.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildBundles } from "../scripts/bundles.ts";
import { type Component, debianComponents, writeSidecarBill } from "../scripts/sbom.ts";
import { createCleanUp, ROOT } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

let folder: string;
let text: string;
let components: readonly Component[];

beforeAll(async () => {
  folder = cleanUp.folder();
  await buildBundles(folder);
  await writeSidecarBill(folder, undefined, 1_700_000_000);
  text = readFileSync(join(folder, "sluice.cdx.json"), "utf8");
  components = JSON.parse(text).components;
});

test("lists the packages of the bundle, no more and no less", async () => {
  const bundles = (await buildBundles(folder)).filter(({ name }) => name !== "cli");
  const inside = new Set(bundles.flatMap(({ packages }) => packages));
  const listed = components.filter(({ purl }) => purl?.startsWith("pkg:npm/")).map((one) => one["bom-ref"]);
  const expected = [...inside].map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));
    return `${name}@${version}`;
  });
  expect([...listed].sort()).toEqual(expected.sort());
  // esbuild names each CommonJS module by its path: the bundle itself says what is in it.
  const code = bundles.map(({ file }) => readFileSync(file, "utf8")).join("\n");
  const said = new Set(
    [...code.matchAll(/"(node_modules\/(?:@[^/"]+\/)?[^/"]+)\/[^"]*"\(/g)].map(([, path]) => path!),
  );
  expect(said.size).toBeGreaterThan(20);
  expect([...said].filter((path) => !inside.has(path))).toEqual([]);
});

test("names a licence for each, and brings its text", () => {
  expect(components.filter(({ licenses = [] }) => licenses.length === 0)).toEqual([]);
  const licences = readFileSync(join(folder, "licenses.txt"), "utf8");
  for (const { "bom-ref": ref, purl } of components) {
    if (purl?.startsWith("pkg:npm/")) expect(licences).toContain(`\n${ref}\n`);
  }
});

test("names Node, and what it is made of", () => {
  const node = components.find(({ name }) => name === "node")!;
  expect(node.version).toBe(process.versions.node);
  expect(node.components!.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["v8", "openssl", "uv", "llhttp"]),
  );
});

test("is the same text for the same parts", async () => {
  await writeSidecarBill(folder, undefined, 1_700_000_000);
  expect(readFileSync(join(folder, "sluice.cdx.json"), "utf8")).toBe(text);
  expect(JSON.parse(text)).toMatchObject({
    bomFormat: "CycloneDX",
    metadata: { timestamp: "2023-11-14T22:13:20.000Z" },
  });
});

test("Debian's packages are named as package URLs say", () => {
  expect(debianComponents("libstdc++6 12.2.0-14 arm64\n")).toMatchObject([
    { name: "libstdc++6", version: "12.2.0-14", purl: "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=arm64" },
  ]);
});
