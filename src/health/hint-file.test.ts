import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHintFile } from "./hint-file.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-hint-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const hintOf = (version: string) => ({ versions: [version], instance: `i-${version}`, slot: "a" });

test("of several writes in a row the last one stands, and nothing else is left on the volume", async () => {
  const failures: Error[] = [];
  const file = createHintFile(join(directory, "hint.json"), (error) => failures.push(error));
  for (const version of ["v1", "v2", "v3", "v4"]) file.write(hintOf(version));
  await file.written();
  expect(file.read()).toEqual(hintOf("v4"));
  expect(readdirSync(directory)).toEqual(["hint.json"]);
  expect(failures).toEqual([]);
});

test("a write that comes while another is under way is not lost", async () => {
  const file = createHintFile(join(directory, "hint.json"), () => {});
  file.write(hintOf("v1"));
  await new Promise((resolve) => setImmediate(resolve));
  file.write(hintOf("v2"));
  await file.written();
  expect(JSON.parse(readFileSync(join(directory, "hint.json"), "utf8"))).toEqual(hintOf("v2"));
});

test("a volume that cannot be written is reported, and the next write is tried all the same", async () => {
  const failures: Error[] = [];
  const file = createHintFile(join(directory, "missing", "hint.json"), (error) => failures.push(error));
  file.write(hintOf("v1"));
  await file.written();
  file.write(hintOf("v2"));
  await file.written();
  expect(failures.map(({ message }) => message.includes("ENOENT"))).toEqual([true, true]);
  expect(file.read()).toBeUndefined();
});

test.each([
  ["nothing", ""],
  ["half of it", '{"versions":["v1"],"inst'],
  ["bytes", "\0\xff\ufffd"],
  ["another type", "null"],
  ["a list", '["v1"]'],
  ["no versions", '{"instance":"i-v1","slot":"a"}'],
  ["versions of another type", '{"versions":[1],"instance":"i-v1","slot":"a"}'],
])("a file in which %s stands is no hint, and is written anew", async (_what, content) => {
  const path = join(directory, "hint.json");
  writeFileSync(path, content);
  const file = createHintFile(path, () => {});
  expect(file.read()).toBeUndefined();
  file.write(hintOf("v2"));
  await file.written();
  expect(file.read()).toEqual(hintOf("v2"));
});

test("an instance or a slot that is no text is left out; a directory in its place is no hint", () => {
  const path = join(directory, "hint.json");
  writeFileSync(path, '{"versions":["v1"],"instance":7,"slot":{}}');
  expect(createHintFile(path, () => {}).read()).toEqual({
    versions: ["v1"],
    instance: undefined,
    slot: undefined,
  });
  rmSync(path);
  mkdirSync(path);
  expect(createHintFile(path, () => {}).read()).toBeUndefined();
});

test("of more versions than anybody keeps the newest are remembered", async () => {
  const file = createHintFile(join(directory, "hint.json"), () => {});
  const versions = Array.from({ length: 100 }, (_, index) => `v${index}`);
  file.write({ ...hintOf("v99"), versions });
  await file.written();
  expect(file.read()?.versions).toEqual(versions.slice(-64));
});
