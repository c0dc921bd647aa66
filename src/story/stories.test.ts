import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TimelineEvent } from "../api/backend.ts";
import { createPaint } from "../cli/paint.ts";
import { EVENT_TYPES } from "../telemetry/event-types.ts";
import { isSettled, storiesOf } from "./stories.ts";
import { eventsFrom, samplesFrom } from "./story.fixture.ts";
import type { Phase, Story } from "./story.ts";
import { storyText } from "./story-text.ts";
import { timelineHtml, timelineSvg } from "./timeline-report.ts";
import { trafficTable, verdictOf } from "./traffic-table.ts";

const spans = ({ phases }: Story) =>
  phases.map(({ name, from, until }: Phase) => [name, from, until] as const);

/** As `docs/upgrade.md` shows it of a real cluster. */
const UPGRADE = eventsFrom([
  [0, "started"],
  [100, "handshake", "a/1/v1"],
  [120, "ready", "a/1/v1"],
  [121, "switch", "a/1/v1", { cause: "none_active" }, "New requests go to v1 in slot a: no slot was active"],
  [20_000, "hook_asked", "b"],
  [21_002, "hook_answered", "b", { outcome: "nothing to drain" }],
  [21_336, "handshake", "b/2/v2"],
  [21_360, "probe_passed", "b/2/v2"],
  [21_361, "ready", "b/2/v2"],
  [
    21_361,
    "switch",
    "b/2/v2",
    { cause: "new_version", fromGeneration: 1, fromSlot: "a" },
    "New requests go to v2 in slot b from v1 in slot a: its version was never active in this Pod",
  ],
  [21_362, "drain_began", "a/1/v1", { cause: "switch", inFlight: 7 }],
  [21_376, "drain_ended", "a/1/v1", { cause: "switch", inFlight: 0 }],
  [21_376, "standby", "a/1/v1"],
  [26_422, "hook_asked", "a/1/v1"],
]);

test("an upgrade: each phase with its length, and who answered before, during and after", () => {
  const samples = samplesFrom(32_000, (at) => (at <= 21_400 ? 1 : 2));
  const stories = storiesOf({ events: UPGRADE, samples, outside: [], now: 32_000 });
  expect(stories.map(({ kind, title }) => [kind, title])).toEqual([
    ["start", "v1 in slot a began to serve"],
    ["switch", "v2 in slot b took over from v1 in slot a"],
  ]);
  const upgrade = stories[1]!;
  expect(upgrade).toMatchObject({
    from: 20_000,
    until: 21_376,
    why: "its version was never active in this Pod",
  });
  expect(spans(upgrade)).toEqual([
    ["hook b", 20_000, 21_002],
    ["start", 21_002, 21_336],
    ["handshake", 21_336, 21_336],
    ["probe", 21_336, 21_360],
    ["switch", 21_361, 21_361],
    ["drain a", 21_362, 21_376],
    ["commit", 21_361, 26_422],
  ]);
  const { before, during, after } = upgrade.traffic;
  expect(before?.answered).toMatchObject([{ generation: 1, count: 1_000 }]);
  expect(during?.answered).toMatchObject([{ generation: 1, count: 130 }]);
  expect(after?.answered).toMatchObject([{ generation: 1 }, { generation: 2, count: 990 }]);
  expect(before!.p50Ms!).toBeLessThan(after!.p50Ms!);
  expect(isSettled(upgrade, 31_000)).toBe(false);
  expect(isSettled(upgrade, 31_400)).toBe(true);
});

test("what the kubelet did parts the pull from the start", () => {
  const outside = [
    { slot: "b", what: "pulling", at: 21_010, message: "" },
    { slot: "b", what: "pulled", at: 21_200, message: "pulled in 190ms" },
    { slot: "a", what: "pulled", at: 21_300, message: "another slot's" },
  ] as const;
  const [, upgrade] = storiesOf({ events: UPGRADE, samples: [], outside, now: 30_000 });
  expect(spans(upgrade!).slice(1, 3)).toEqual([
    ["pull", 21_010, 21_200],
    ["start", 21_200, 21_336],
  ]);
});

test("the only slot is replaced: its drain, its end, and those who waited", () => {
  const events = eventsFrom([
    [100, "handshake", "a/1/v1"],
    [121, "switch", "a/1/v1", { cause: "none_active" }],
    [5_000, "hook_asked", "a/1/v1"],
    [6_000, "drain_began", "a/1/v1", { cause: "hook", inFlight: 3 }],
    [6_000, "hold_began"],
    [6_200, "drain_ended", "a/1/v1", { cause: "hook" }],
    [6_200, "hook_answered", "a/1/v1", { outcome: "drained" }],
    [6_400, "lifeline_lost", "a/1/v1"],
    [8_000, "handshake", "a/2/v2"],
    [8_050, "probe_passed", "a/2/v2"],
    [8_050, "ready", "a/2/v2"],
    [8_050, "hold_ended", "", { held: 12 }, "12 held requests go on"],
    [8_050, "switch", "a/2/v2", { cause: "none_active" }],
  ]);
  const [, story] = storiesOf({ events, samples: [], outside: [], now: 9_000 });
  expect(story).toMatchObject({ title: "v2 in slot a took over from v1 in slot a", from: 5_000 });
  expect(spans(story!)).toEqual(
    expect.arrayContaining([
      ["hook a", 5_000, 6_200],
      ["drain a", 6_000, 6_200],
      ["stop a", 6_200, 6_400],
      ["start", 6_400, 8_000],
      ["probe", 8_000, 8_050],
      ["hold", 6_000, 8_050],
    ]),
  );
  expect(story!.phases.some(({ kind }) => kind === "commit")).toBe(false);
});

test("those who waited are answered after the switch, and still belong to it", () => {
  const events = eventsFrom([
    [100, "switch", "a/1/v1", { cause: "none_active" }],
    [5_000, "lifeline_lost", "a/1/v1"],
    [5_000, "hold_began"],
    [7_000, "handshake", "a/2/v2"],
    [7_010, "hold_ended", "", { held: 12 }],
    [7_010, "switch", "a/2/v2", { cause: "none_active" }],
  ]);
  const samples = samplesFrom(12_000, () => 1).map((sample) => ({
    ...sample,
    ...(sample.monotonicMs === 6_000 ? { holds: 12 } : {}),
    ...(sample.monotonicMs === 7_100 ? { longestHoldMs: 1_950 } : {}),
  }));
  const story = storiesOf({ events, samples, outside: [], now: 12_000 }).at(-1)!;
  expect(story.traffic.during).toMatchObject({ held: 12, longestHoldMs: 1_950, until: 7_100 });
  expect(story.traffic.after).toMatchObject({ from: 7_100, longestHoldMs: 0 });
});

test("a crash: the one that stood by takes over, and nothing of its own start belongs to it", () => {
  const events = eventsFrom([
    ...UPGRADE.slice(0, 13).map((event) => {
      const about = `${event.slot ?? ""}/${event.generation ?? ""}/${event.version ?? ""}`;
      return [event.monotonicMs, event.type, about, event.details, event.message] as const;
    }),
    [60_000, "lifeline_lost", "b/2/v2", {}, "v2 in slot b closed its lifeline: its process ended"],
    [60_001, "switch", "a/1/v1", { cause: "cannot_serve", fromGeneration: 2, fromSlot: "b" }],
  ]);
  const story = storiesOf({ events, samples: [], outside: [], now: 61_000 }).at(-1)!;
  expect(story).toMatchObject({
    title: "v1 in slot a took over from v2 in slot b",
    from: 60_000,
    until: 60_001,
  });
  expect(spans(story)).toEqual([["switch", 60_000, 60_001]]);
});

const STOP = eventsFrom([
  [100, "handshake", "a/1/v1"],
  [9_990, "hook_asked", "a/1/v1", { hook: "slot" }],
  [10_000, "hook_asked", "", { hook: "pod" }],
  [10_000, "pod_leaving", "", { deadlineMs: 25_000, cause: "hook" }],
  [10_000, "lame_duck", "", { delayMs: 5_000 }],
  [28_750, "last_call"],
  [35_000, "pod_deadline"],
  [35_004, "pod_drained", "", { cut: 2 }],
  [35_004, "hook_answered", "a/1/v1", { outcome: "deadline" }],
  [35_100, "lifeline_lost", "a/1/v1"],
  [35_500, "exit", "", {}, "sluice exits with 70"],
]);

test("a stop against its deadline, to the exit", () => {
  const [story] = storiesOf({ events: STOP, samples: [], outside: [], now: 35_500 });
  expect(story).toMatchObject({ kind: "stop", title: "The Pod stopped", deadline: 35_000, until: 35_500 });
  expect(spans(story!)).toEqual([
    ["lame duck", 10_000, 15_000],
    ["drain", 15_000, 28_750],
    ["last call", 28_750, 35_000],
    ["cut", 35_000, 35_004],
    ["hook a", 9_990, 35_004],
    ["stop a", 35_004, 35_100],
    ["exit", 35_004, 35_500],
  ]);
});

test("a stop that goes on, and one that was called off", () => {
  const [going] = storiesOf({ events: STOP.slice(0, 5), samples: [], outside: [], now: 12_000 });
  expect(going).toMatchObject({ title: "The Pod is stopping", until: undefined });
  expect(spans(going!)).toEqual([
    ["lame duck", 10_000, undefined],
    ["hook a", 9_990, undefined],
  ]);
  const events = [...STOP.slice(0, 5), ...eventsFrom([[45_000, "pod_serving_again"]])].map(
    (event, index) => ({
      ...event,
      id: index + 1,
    }),
  );
  const [again] = storiesOf({ events, samples: [], outside: [], now: 46_000 });
  expect(again).toMatchObject({ title: "The Pod began to stop, and serves again", until: 45_000 });
});

describe("told", () => {
  const samples = samplesFrom(32_000, (at) => (at <= 21_400 ? 1 : 2));
  const sources = { events: UPGRADE, samples, outside: [], now: 32_000 };
  const upgrade = storiesOf(sources)[1]!;

  test("in a terminal: bars that stand where they should, the table, the verdict", () => {
    const text = storyText(upgrade, 32_000, 100, createPaint(false));
    expect(text).not.toContain("\u001b");
    expect(text).toMatch(/^v2 in slot b took over from v1 in slot a: its version/);
    expect(text).toMatch(/hook b +█+ +1 s {2}nothing to drain$/m);
    expect(text).toMatch(/commit +█*▶ +5.06 s {2}v1 was let go$/m);
    expect(text).toMatch(/answered by v1 in a +1,000 +130 /);
    expect(text).toMatch(/No request was lost in the switch: 130 answered, none had to wait\.\n$/);
    for (const columns of [20, 60, 400]) {
      const lines = storyText(upgrade, 32_000, columns, createPaint(false)).split("\n");
      expect(Math.max(...lines.filter((line) => line.includes("█")).map((line) => line.length))).toBeLessThan(
        140,
      );
    }
  });

  test("in one file that fetches nothing and runs nothing", () => {
    const told = [{ name: "pod/<web>", stories: [upgrade], samples, now: 32_000, problem: undefined }];
    const html = timelineHtml("Timeline of deployment/web", told, "now");
    expect(html).toContain("pod/&lt;web&gt;: v2 in slot b took over");
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|https?:|url\(|@import/);
    const svg = timelineSvg("Timeline", [...told, { ...told[0]!, stories: [], problem: "gone & away" }]);
    expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
    expect(svg.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/<script|https?:|url\(|@import/);
    expect(svg).toContain("gone &amp; away");
  });

  test("what was lost is said first", () => {
    const lossy = samples.map((sample) =>
      sample.monotonicMs === 20_500
        ? { ...sample, ended: { ...sample.ended, failed: 2, deadline: 1 }, holds: 4, longestHoldMs: 321 }
        : sample,
    );
    const story = storiesOf({ ...sources, samples: lossy })[1]!;
    expect(verdictOf(story)).toEqual({
      ok: false,
      words: "2 failed, 1 cut at the deadline in the switch; 130 answered, 4 waited, the longest for 321 ms.",
    });
    expect(trafficTable(story)?.rows.at(-1)).toEqual(["failed, cut or refused", "0", "3", "0"]);
    expect(trafficTable(story)?.rows.at(-3)?.[2]).toBe("4 (321 ms)");
  });

  test("samples that are gone are said to be gone", () => {
    const story = storiesOf({ ...sources, samples: [] })[1]!;
    expect(trafficTable(story)).toBeUndefined();
    expect(verdictOf(story)).toMatchObject({ ok: true, words: expect.stringContaining("not known") });
    const [stop] = storiesOf({ events: STOP, samples: [], outside: [], now: 35_500 });
    expect(verdictOf(stop!)).toMatchObject({
      ok: false,
      words: expect.stringContaining("(2 at the deadline)"),
    });
  });
});

test("any order of any events makes stories whose phases do not end before they begin", () => {
  const event = fc.record({
    type: fc.constantFrom(...Object.keys(EVENT_TYPES)),
    gap: fc.integer({ min: 0, max: 5_000 }),
    slot: fc.constantFrom("a", "b", undefined),
    generation: fc.constantFrom(1, 2, 3, undefined),
    from: fc.constantFrom(1, 2, undefined),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (rows) => {
      let at = 0;
      const events = rows.map(({ type, gap, slot, generation, from }, index): TimelineEvent => {
        at += gap;
        return {
          ...{ id: index + 1, time: new Date(at).toISOString(), monotonicMs: at, type, slot, generation },
          ...{
            version: generation && `v${generation}`,
            message: `${type}: so`,
            details: from ? { fromGeneration: from } : {},
          },
        };
      });
      for (const story of storiesOf({ events, samples: samplesFrom(3_000, () => 1), outside: [], now: at })) {
        for (const { from, until } of story.phases) {
          expect(from).toBeGreaterThanOrEqual(story.from);
          if (until !== undefined) expect(until).toBeGreaterThanOrEqual(from);
        }
        expect(storyText(story, at, 90, createPaint(false))).not.toContain("NaN");
        const svg = timelineSvg("t", [
          { name: "p", stories: [story], samples: [], now: at, problem: undefined },
        ]);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      }
    }),
    { numRuns: 300 },
  );
});
