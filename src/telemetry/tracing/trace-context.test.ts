import fc from "fast-check";
import { expect, test } from "vitest";
import { formatTraceparent, parseTraceparent } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

// The examples and rules of W3C Trace Context, sections 3.2.2 and 4.3.
test.each<[string, string, boolean | undefined]>([
  ["sampled", `00-${TRACE}-${SPAN}-01`, true],
  ["not sampled", `00-${TRACE}-${SPAN}-00`, false],
  ["sampled, with flags to come", `00-${TRACE}-${SPAN}-ff`, true],
  ["a version to come, with more behind it", `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, true],
  ["a version to come, with nothing behind it", `01-${TRACE}-${SPAN}-00`, false],
  ["version 00 with more behind it", `00-${TRACE}-${SPAN}-01-x`, undefined],
  ["version ff", `ff-${TRACE}-${SPAN}-01`, undefined],
  ["a version to come, without a separator", `cc-${TRACE}-${SPAN}-01x`, undefined],
  ["upper case", `00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
  ["a trace id of zeroes", `00-${"0".repeat(32)}-${SPAN}-01`, undefined],
  ["a parent id of zeroes", `00-${TRACE}-${"0".repeat(16)}-01`, undefined],
  ["too short", `00-${TRACE.slice(1)}-${SPAN}-01`, undefined],
  ["blanks", ` 00-${TRACE}-${SPAN}-01`, undefined],
  ["nothing", "", undefined],
])("%s", (_what, value, sampled) => {
  const parent = parseTraceparent(value);
  expect(parent?.sampled).toBe(sampled);
  if (parent) expect([parent.traceId, parent.parentId]).toEqual([TRACE, SPAN]);
});

test("what is said is understood", () => {
  expect(parseTraceparent(formatTraceparent(TRACE, SPAN, true))).toEqual({
    traceId: TRACE,
    parentId: SPAN,
    sampled: true,
    random: true,
  });
  expect(formatTraceparent(TRACE, SPAN, false)).toBe(`00-${TRACE}-${SPAN}-01`);
});

test("no text whatever throws, and what is taken is in the right form", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `00-${TRACE}-${SPAN}-${text}`),
      ),
      (text) => {
        const parent = parseTraceparent(text);
        if (parent)
          expect(formatTraceparent(parent.traceId, parent.parentId, false)).toMatch(
            /^00-[\da-f]{32}-[\da-f]{16}-01$/,
          );
      },
    ),
  );
});
