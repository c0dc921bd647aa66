// Manifests come from anywhere: whatever stands where something else belongs, checks may find little, but never break.

import fc from "fast-check";
import { expect, test } from "vitest";
import { readManifests } from "../manifest/documents.ts";
import { isList, isObject, type Json } from "../manifest/json-value.ts";
import { findingsOf, PLAIN, SLUICE, TWO_SLOTS } from "./checks.fixture.ts";

const WHOLE = [PLAIN, SLUICE, TWO_SLOTS].map((text) => {
  const read = readManifests([{ name: "whole", text }]);
  if ("problems" in read) throw new Error("the fixtures are manifests");
  return { apiVersion: "v1", kind: "List", items: read.objects.map(({ value }) => value) };
});

/** Every way to a value inside. */
function waysOf(
  value: Json,
  way: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] {
  const inside = isList(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  return [way, ...inside.flatMap(([key, one]) => (one === undefined ? [] : waysOf(one, [...way, key])))];
}

function replaced(value: Json, [step, ...rest]: readonly (string | number)[], by: Json): Json {
  if (step === undefined) return by;
  if (isList(value)) return value.map((one, index) => (index === step ? replaced(one, rest, by) : one));
  if (isObject(value)) return { ...value, [step]: replaced(value[step] ?? null, rest, by) };
  return value;
}

// The List and the kinds stay: without them there is no workload to check.
const places = WHOLE.flatMap((whole) =>
  waysOf(whole)
    .filter((way) => way.length > 2 && !["kind", "apiVersion"].includes(String(way.at(-1))))
    .map((way) => ({ whole, way })),
);

test("a value of another kind anywhere in a manifest breaks no check", async () => {
  const other = fc.constantFrom<Json>(
    null,
    0,
    -1,
    1.5,
    "",
    "a b",
    "{{ x }}",
    true,
    [],
    [null],
    [[]],
    {},
    { a: null },
    [{ name: 7 }],
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), other, async ({ whole, way }, by) => {
      const text = JSON.stringify(replaced(whole, way, by));
      // What is no manifest at all is refused before any check sees it.
      if ("problems" in readManifests([{ name: "wild", text }])) return;
      const findings = await findingsOf(text, { version: "1.30" });
      for (const { path, what, line } of findings) {
        expect(`${path}${what}`).not.toMatch(/undefined|NaN|\[object/);
        expect(line).toBeGreaterThan(0);
      }
    }),
    { numRuns: 1_500 },
  );
});
