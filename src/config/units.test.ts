import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSize, parseSize } from "./byte-size.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";

test("a duration that is formatted reads back as itself", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => parseDuration(formatDuration(ms)) === ms),
  );
});

test.each([
  ["0s", 0],
  ["500ms", 500],
  ["5s", 5_000],
  ["1.5s", 1_500],
  ["1m30s", 90_000],
  ["2h", 7_200_000],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "5", "0", "s", "5 s", "5sec", "-5s", "+5s", "5S", "1e3s", "5s ", "5s,", "٥s", ".5s"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("a size that is formatted reads back as itself", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 29 }), (bytes) => parseSize(formatSize(bytes)) === bytes),
  );
});

test.each(["", "64", "64K", "64KB", "64 KiB", "1.5KiB", "-1B", "64kib"])("%j is no size", (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test.each([
  ["drian-delay", "drain-delay"],
  ["draindelay", "drain-delay"],
  ["drain-delays", "drain-delay"],
  ["ops", "ops"],
  ["oops", "ops"],
  ["x", undefined],
  ["completely-else", undefined],
])("nearest to %s is %s", (word, expected) => {
  expect(nearest(word, ["listen", "drain-delay", "slot-drain", "ops"])).toBe(expected);
});
