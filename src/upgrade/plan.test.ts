import { describe, expect, test } from "vitest";
import type { ContainerFacts, SlotFacts } from "./facts.ts";
import { type Decision, decide, type Goal, lastUpgrade, type PodView } from "./plan.ts";
import { formatRecord, parseRecord, type UpgradeRecord } from "./record.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const ago = (ms: number) => new Date(NOW - ms).toISOString();

function container(image: string, more: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    image,
    id: `${image}-1`,
    imageId: "sha",
    running: true,
    restarts: 0,
    waiting: undefined,
    ended: undefined,
    endedBefore: undefined,
    ...more,
  };
}

const ACTIVE: SlotFacts = {
  name: "a",
  state: "active",
  life: "one",
  version: "v1",
  ready: true,
  waitingFor: [],
};
const EMPTY: SlotFacts = {
  name: "b",
  state: "empty",
  life: undefined,
  version: undefined,
  ready: false,
  waitingFor: [],
};

const VIEW: PodView = {
  pod: {
    uid: "u",
    ready: true,
    leaving: false,
    containers: { app: container("app:v1"), "app-b": container("pause:1") },
  },
  sidecar: { active: "a", slots: [ACTIVE, EMPTY] },
  containers: new Map([
    ["a", "app"],
    ["b", "app-b"],
  ]),
  record: undefined,
};
const GOAL: Goal = { image: "app:v2", placeholder: undefined, undoOf: "app:v2", anyway: false };
const UNDO: Goal = { ...GOAL, image: undefined };

function planOf(decision: Decision) {
  if (decision.do !== "upgrade") throw new Error(`${decision.do}: ${decision.why}`);
  return decision.plan;
}

function recordOf(more: Partial<UpgradeRecord>): UpgradeRecord {
  const plan = planOf(decide(VIEW, GOAL, NOW));
  return { ...plan, v: 1, phase: "done", at: ago(0), by: "me", reason: undefined, starts: [], ...more };
}

describe("a Pod that nobody has touched", () => {
  test("two slots: the idle one gets the image, the active one the placeholder", () => {
    expect(decide(VIEW, GOAL, NOW)).toEqual({
      do: "upgrade",
      phase: "loading",
      back: false,
      plan: {
        image: "app:v2",
        target: { slot: "b", container: "app-b", image: "pause:1" },
        from: { slot: "a", container: "app", image: "app:v1", id: "app:v1-1" },
        placeholder: "pause:1",
        keepsOld: false,
        standIn: "pause:1",
        standInDelayMs: 0,
        baseline: { id: "pause:1-1", imageId: "sha", restarts: 0, life: undefined },
        previous: "app:v1",
        isUndo: false,
      },
    });
  });

  test("one slot: the image takes the place of the old one", () => {
    const view = { ...VIEW, sidecar: { active: "a", slots: [ACTIVE] }, containers: new Map([["a", "app"]]) };
    expect(planOf(decide(view, GOAL, NOW))).toMatchObject({ target: { image: "app:v1" }, standIn: "app:v1" });
    expect(planOf(decide(view, GOAL, NOW)).from).toBeUndefined();
  });

  test("one that runs the image already is left alone", () => {
    expect(decide(VIEW, { ...GOAL, image: "app:v1" }, NOW)).toEqual({
      do: "nothing",
      why: "it runs app:v1 already",
    });
  });

  test.each<[string, PodView, RegExp]>([
    ["is not ready", { ...VIEW, pod: { ...VIEW.pod, ready: false } }, /not ready now/],
    [
      "has no active slot",
      { ...VIEW, sidecar: { active: undefined, slots: [{ ...ACTIVE, waitingFor: ["gate x"] }, EMPTY] } },
      /no slot of it is active \(slot a: gate x\)/,
    ],
    ["lacks a slot's container", { ...VIEW, containers: new Map([["a", "app"]]) }, /slot b has no container/],
    [
      "names a slot that sluice does not have",
      { ...VIEW, containers: new Map([...VIEW.containers, ["c", "app-c"]]) },
      /app-c says that it is slot c/,
    ],
    [
      "has an idle container that does not run",
      {
        ...VIEW,
        pod: {
          ...VIEW.pod,
          containers: { ...VIEW.pod.containers, "app-b": container("pause:1", { running: false }) },
        },
      },
      /idle slot b does not run/,
    ],
    [
      "has an app in its idle slot",
      { ...VIEW, sidecar: { active: "a", slots: [ACTIVE, { ...EMPTY, state: "standby", version: "v0" }] } },
      /v0 in slot b \(standby\).*--placeholder/,
    ],
  ])("one that %s is refused with the reason", (_, view, why) => {
    const decision = decide(view, GOAL, NOW);
    expect(decision.do === "refuse" && decision.why).toMatch(why);
  });
});

describe("a Pod that is half way", () => {
  const halfWay = { ...VIEW, record: recordOf({ phase: "window" }) };

  test("is gone on with, where the image is the same", () => {
    expect(decide(halfWay, GOAL, NOW)).toMatchObject({ do: "upgrade", phase: "window", back: false });
  });

  test("refuses another image, and says both ways out", () => {
    const decision = decide(halfWay, { ...GOAL, image: "app:v3" }, NOW);
    expect(decision.do === "refuse" && decision.why).toMatch(/half way to app:v2.*--image app:v2.*--undo/);
  });

  test("goes back with --undo; what is committed is finished first", () => {
    expect(decide(halfWay, UNDO, NOW)).toMatchObject({ do: "upgrade", back: true });
    const committing = { ...VIEW, record: recordOf({ phase: "committing" }) };
    expect(decide(committing, UNDO, NOW)).toMatchObject({ do: "upgrade", back: false, phase: "committing" });
  });

  test("stands for nothing once somebody else has changed the image: another upgrade may begin", () => {
    const { pod, record } = halfWay;
    const changed = {
      pod: { ...pod, containers: { ...pod.containers, "app-b": container("app:v7") } },
      record,
    };
    const view = { ...VIEW, ...changed };
    expect(planOf(decide(view, { ...GOAL, image: "app:v8" }, NOW))).toMatchObject({
      image: "app:v8",
      target: { image: "app:v7" },
    });
    expect(decide(view, UNDO, NOW).do).toBe("nothing");
  });

  test("on its way back it goes back, whatever is wanted next", () => {
    const back = { ...VIEW, record: recordOf({ phase: "putting-back" }) };
    expect(decide(back, { ...GOAL, image: "app:v3" }, NOW)).toMatchObject({
      do: "upgrade",
      phase: "putting-back",
    });
  });
});

describe("--undo", () => {
  const done: PodView = {
    ...VIEW,
    pod: { ...VIEW.pod, containers: { app: container("pause:1"), "app-b": container("app:v2") } },
    sidecar: {
      active: "b",
      slots: [
        { ...EMPTY, name: "a" },
        { ...ACTIVE, name: "b", version: "v2" },
      ],
    },
    record: recordOf({ phase: "done" }),
  };

  test("upgrades to what ran before", () => {
    expect(planOf(decide(done, UNDO, NOW))).toMatchObject({
      image: "app:v1",
      target: { slot: "a" },
      isUndo: true,
    });
  });

  test("is done once, and does nothing where nothing was done", () => {
    expect(decide(VIEW, UNDO, NOW).do).toBe("nothing");
    expect(decide({ ...done, record: recordOf({ isUndo: true }) }, UNDO, NOW).do).toBe("nothing");
    expect(decide({ ...VIEW, record: recordOf({ phase: "put-back" }) }, UNDO, NOW).do).toBe("nothing");
  });

  test("leaves Pods alone whose last upgrade was another one than the newest", () => {
    const newer = recordOf({ phase: "put-back", image: "app:v3", at: ago(-1_000) });
    const undoOf = lastUpgrade([recordOf({}), newer]);
    expect(undoOf).toBe("app:v3");
    expect(decide(done, { ...UNDO, undoOf }, NOW).do).toBe("nothing");
  });

  test("goes on where it was interrupted: an undo is about what it takes back", () => {
    const undone = recordOf({ isUndo: true, image: "app:v1", previous: "app:v2", at: ago(-1_000) });
    expect(lastUpgrade([recordOf({}), undone])).toBe("app:v2");
    expect(lastUpgrade([])).toBeUndefined();
  });

  test("refuses where another image runs by now", () => {
    const view = { ...done, record: recordOf({ image: "app:v9" }) };
    expect(decide(view, { ...UNDO, undoOf: "app:v9" }, NOW)).toMatchObject({ do: "refuse" });
  });
});

describe("the kubelet's back-off", () => {
  const placed = (container: string, image: string, ms: number) => ({
    ...VIEW,
    record: recordOf({ phase: "put-back", starts: [{ container, image, at: ago(ms) }] }),
  });

  test("an image that was started there lately is refused, with the time from when on it goes", () => {
    const decision = decide(placed("app-b", "app:v2", 60_000), GOAL, NOW);
    expect(decision.do === "refuse" && decision.why).toMatch(/10 s.*after 12:09:00 UTC.*--retry-now/);
    expect(decide(placed("app-b", "app:v2", 60_000), { ...GOAL, anyway: true }, NOW).do).toBe("upgrade");
    expect(decide(placed("app-b", "app:v2", 600_000), GOAL, NOW).do).toBe("upgrade");
    expect(decide(placed("app", "app:v2", 60_000), GOAL, NOW).do).toBe("upgrade");
  });

  test("the old version stands in where the placeholder would be delayed", () => {
    expect(planOf(decide(placed("app-b", "pause:1", 60_000), GOAL, NOW)).standIn).toBe("app:v1");
    expect(planOf(decide(placed("app", "pause:1", 60_000), GOAL, NOW)).keepsOld).toBe(true);
  });

  test("with one slot nothing can stand in: the delay is foreseen", () => {
    const { record } = placed("app", "app:v1", 60_000);
    const view = {
      ...VIEW,
      record,
      sidecar: { active: "a", slots: [ACTIVE] },
      containers: new Map([["a", "app"]]),
    };
    expect(planOf(decide(view, GOAL, NOW))).toMatchObject({ standIn: "app:v1", standInDelayMs: 10_000 });
  });
});

describe("the record", () => {
  test("is read as it was written", () => {
    const record = recordOf({ phase: "window" });
    expect(parseRecord(formatRecord(record))).toEqual(JSON.parse(JSON.stringify(record)));
  });

  test.each([
    undefined,
    "",
    "{",
    "[]",
    "null",
    '{"v":2}',
    '{"v":1,"phase":"dancing"}',
    '{"v":1,"phase":"done"}',
  ])("%j is none", (text) => expect(parseRecord(text)).toBeUndefined());
});
