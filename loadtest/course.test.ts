import { expect, test } from "vitest";
import { element, textOf } from "../src/picture/markup.ts";
import { courseOf } from "./course.ts";
import { coursePicture } from "./course-picture.ts";
import type { Entry } from "./ledger.ts";

const entry = (number: number, sentAt: number, ms: number, more: Partial<Entry> = {}): Entry => ({
  ...{ number, method: "GET", sentAt, doneAt: sentAt + ms, written: true, failure: undefined, detail: "" },
  ...{ status: 200, version: "v1", reused: true, slow: false },
  ...more,
});

const happening = (seenAt: number, type: string) => ({
  ...{ id: 1, monotonicMs: 0, type, message: `${type} <b>`, details: {}, seenAt },
});

const ENTRIES = [
  ...Array.from({ length: 100 }, (_, index) => entry(index, 1_000 + index * 10, 2)),
  ...Array.from({ length: 100 }, (_, index) => entry(100 + index, 2_000 + index * 10, 4, { version: "v2" })),
  entry(200, 1_995, 900, { failure: "cut", detail: "after 10 bytes" }),
  entry(201, 1_500, 1_000, { slow: true }),
];

test("every right answer is in one slice, every lost request is named, slow ones say nothing of latency", () => {
  const course = courseOf(
    ENTRIES,
    [happening(2_000, "switch"), happening(500, "ready")],
    [{ what: "kill", at: 2_100, inFlight: 3 }],
  );
  const sum = (version: string) =>
    course.slices.reduce((all, { answered }) => all + (answered[version] ?? 0), 0);
  expect([sum("v1"), sum("v2"), course.versions]).toEqual([101, 100, ["v1", "v2"]]);
  expect(course.lost).toEqual([{ at: 1_895, ms: 900, words: "GET 200: cut after 10 bytes" }]);
  expect(course.events).toEqual([{ at: 1_000, type: "switch", words: "switch <b>" }]);
  expect(course.marks).toEqual([{ at: 1_100, words: "kill" }]);
  expect(Math.max(...course.slices.map(({ worst }) => worst ?? 0))).toBeCloseTo(4);
  expect(course.slices.at(-1)!.at).toBeGreaterThanOrEqual(1_994);
});

test("a course becomes pictures: lines, dots for what was lost, marks; nothing of it becomes markup", () => {
  const course = courseOf(ENTRIES, [happening(2_000, "switch")], []);
  const text = textOf(element("main", {}, coursePicture(course, "switch")));
  expect(text).toContain('class="dot failed"');
  expect(text).toContain('class="moment switch"');
  expect(text).toContain("without a right answer: 1, at the time that they took");
  expect(text).not.toMatch(/NaN|undefined|<b>/);
});

test("no request: no picture, and no division by nothing", () => {
  expect(textOf(element("p", {}, coursePicture(courseOf([], [], []), "x")))).toContain(
    "No request was sent.",
  );
  expect(courseOf([entry(1, 5, 0)], [], []).slices).toHaveLength(1);
});
