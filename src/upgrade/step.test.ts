import { describe, expect, test } from "vitest";
import type { ContainerFacts, PodFacts, SidecarFacts } from "./facts.ts";
import type { Bad, Phase, UpgradePlan } from "./record.ts";
import { initialState, type Order, type UpgradeEvent, type UpgradeState } from "./state.ts";
import { dueAt, step } from "./step.ts";

const TWO: UpgradePlan = {
  image: "app:v2",
  target: { slot: "b", container: "app-b", image: "pause:1" },
  from: { slot: "a", container: "app", image: "app:v1", id: "a1" },
  placeholder: "pause:1",
  keepsOld: false,
  standIn: "pause:1",
  standInDelayMs: 0,
  baseline: { id: "b1", imageId: "sha-pause", restarts: 0, life: undefined },
  previous: "app:v1",
  isUndo: false,
};
const ONE: UpgradePlan = {
  ...TWO,
  target: { slot: "a", container: "app", image: "app:v1" },
  from: undefined,
  placeholder: undefined,
  standIn: "app:v1",
  baseline: { id: "a1", imageId: "sha-v1", restarts: 0, life: "one" },
};
const LIMITS = { timeoutMs: 60_000, windowMs: 10_000 };

function container(image: string, id: string, more: Partial<ContainerFacts> = {}): ContainerFacts {
  const imageId = image === "pause:1" ? "sha-pause" : `sha-${image.slice(4)}`;
  return {
    image,
    id,
    imageId,
    running: true,
    restarts: 0,
    waiting: undefined,
    ended: undefined,
    endedBefore: undefined,
    ...more,
  };
}

function pod(containers: Record<string, ContainerFacts>, more: Partial<PodFacts> = {}): UpgradeEvent {
  return { at: 0, type: "pod", facts: { uid: "u", ready: true, leaving: false, containers, ...more } };
}

const V1 = { name: "a", state: "active", life: "one", version: "v1", ready: true, waitingFor: [] };
const V2 = { name: "b", state: "standby", life: "two", version: "v2", ready: true, waitingFor: [] };
const EMPTY = {
  name: "b",
  state: "empty",
  life: undefined,
  version: undefined,
  ready: false,
  waitingFor: ["no app has shaken hands"],
};

function sidecar(active: string | undefined, ...slots: SidecarFacts["slots"]): UpgradeEvent {
  return { at: 0, type: "sidecar", facts: { active, slots } };
}

/** Plays events in order, one ms apart unless `at` says more; every order that came of them. */
function play(
  plan: UpgradePlan,
  events: readonly (UpgradeEvent | readonly [number, UpgradeEvent])[],
  phase: Phase = "loading",
  bad?: Bad,
) {
  let state: UpgradeState = initialState(plan, LIMITS, phase, 0, bad);
  let at = 0;
  const orders: Order[] = [];
  for (const one of events) {
    const [time, event] = Array.isArray(one) ? one : [at + 1, one];
    at = time;
    const stepped = step(state, { ...event, at });
    state = stepped.state;
    orders.push(...stepped.orders);
  }
  const deeds = orders.filter((order) => order.do !== "say");
  return { state, orders, deeds };
}

const BEGIN: UpgradeEvent = { at: 0, type: "begin" };
const TICK: UpgradeEvent = { at: 0, type: "tick" };
const LOADED = pod({ app: container("app:v1", "a1"), "app-b": container("app:v2", "b2") });

describe("two slots", () => {
  test("a good version: loaded, promoted, watched, committed", () => {
    const { state, deeds } = play(TWO, [
      sidecar("a", V1, EMPTY),
      BEGIN,
      LOADED,
      sidecar("a", V1, V2),
      sidecar("b", { ...V1, state: "standby" }, { ...V2, state: "active" }),
      [10_006, TICK],
      sidecar("b", { ...V1, state: "standby" }, { ...V2, state: "active" }),
      pod({ app: container("pause:1", "a2"), "app-b": container("app:v2", "b2") }),
    ]);
    expect(deeds).toEqual([
      { do: "patch", images: { "app-b": "app:v2" }, phase: "loading", reason: undefined },
      { do: "promote", slot: "b" },
      { do: "patch", images: {}, phase: "window", reason: undefined },
      { do: "ask" },
      { do: "patch", images: { app: "pause:1" }, phase: "committing", reason: undefined },
      { do: "patch", images: {}, phase: "done", reason: undefined },
    ]);
    expect(state.outcome).toBe("upgraded");
  });

  test("what shook hands before is not the new version", () => {
    const { deeds } = play({ ...TWO, baseline: { ...TWO.baseline, life: "two" } }, [
      BEGIN,
      LOADED,
      sidecar("a", V1, V2),
    ]);
    expect(deeds.map((deed) => deed.do)).toEqual(["patch"]);
  });

  test("nothing is committed before the window has passed", () => {
    const { state } = play(TWO, [BEGIN, LOADED, sidecar("b", V1, V2), [9_999, TICK]]);
    expect(state.phase).toBe("window");
    expect(dueAt(state)).toBe(10_003);
  });

  test("an old version that is kept is not touched", () => {
    const { state, deeds } = play({ ...TWO, keepsOld: true }, [
      BEGIN,
      LOADED,
      sidecar("b", V1, V2),
      [10_003, sidecar("b", V1, V2)],
    ]);
    expect(state.outcome).toBe("upgraded");
    expect(deeds.at(-1)).toEqual({ do: "patch", images: {}, phase: "done", reason: undefined });
  });

  const BAD: readonly (readonly [string, Partial<ContainerFacts>, RegExp])[] = [
    ["ends", { running: false, ended: { id: "b2", exitCode: 3, reason: "Error" } }, /exit code 3/],
    [
      "was killed for its memory",
      { running: false, ended: { id: "b2", exitCode: 137, reason: "OOMKilled" } },
      /OOMKilled/,
    ],
    [
      "ended between two looks",
      { id: "b3", endedBefore: { id: "b2", exitCode: 1, reason: "Error" } },
      /exit code 1/,
    ],
    [
      "cannot be pulled",
      { id: "b1", running: false, waiting: { reason: "ErrImagePull", message: "not found" } },
      /cannot be pulled.*not found/,
    ],
    [
      "may not be pulled",
      { id: "b1", running: false, waiting: { reason: "ErrImageNeverPull", message: "" } },
      /not on the node/,
    ],
    [
      "has no valid name",
      { id: "b1", running: false, waiting: { reason: "InvalidImageName", message: "" } },
      /no valid name/,
    ],
    [
      "cannot be started",
      { id: "b2", running: false, waiting: { reason: "RunContainerError", message: "no such file" } },
      /cannot be started/,
    ],
  ];
  test.each(BAD)("a version that %s is put back at once", (_, facts, why) => {
    const { state, deeds } = play(TWO, [
      sidecar("a", V1, EMPTY),
      BEGIN,
      pod({ app: container("app:v1", "a1"), "app-b": container("app:v2", "b2", facts) }),
    ]);
    expect(state.trouble).toMatch(why);
    expect(deeds.at(-1)).toMatchObject({
      do: "patch",
      images: { "app-b": "pause:1" },
      phase: "putting-back",
    });
  });

  const HARMLESS: readonly (readonly [string, Partial<ContainerFacts>])[] = [
    [
      "the placeholder's own end",
      { id: "b1", running: false, ended: { id: "b1", exitCode: 0, reason: "Completed" } },
    ],
    [
      "an older death, while the placeholder still runs",
      { id: "b1", endedBefore: { id: "b0", exitCode: 1, reason: "Error" } },
    ],
    [
      "the placeholder's end behind the new container",
      { id: "b2", endedBefore: { id: "b1", exitCode: 137, reason: "Error" } },
    ],
    [
      "a container that is being made",
      { id: "b1", running: false, waiting: { reason: "ContainerCreating", message: "" } },
    ],
    [
      "a back-off without a crash",
      { id: "b1", running: false, waiting: { reason: "CrashLoopBackOff", message: "" } },
    ],
  ];
  test.each(HARMLESS)("%s is no reason", (_, facts) => {
    const { state } = play(TWO, [
      BEGIN,
      pod({ app: container("app:v1", "a1"), "app-b": container("app:v2", "b2", facts) }),
    ]);
    expect(state.phase).toBe("loading");
  });

  test("in the window, traffic goes back before the image does", () => {
    const { deeds } = play(TWO, [
      BEGIN,
      LOADED,
      sidecar("b", { ...V1, state: "standby" }, V2),
      sidecar("b", { ...V1, state: "standby" }, { ...V2, ready: false, waitingFor: ["v2 fails its probe"] }),
    ]);
    expect(deeds.slice(2)).toEqual([
      { do: "promote", slot: "a" },
      {
        do: "patch",
        images: { "app-b": "pause:1" },
        phase: "putting-back",
        reason: "it is ready no longer: v2 fails its probe",
      },
    ]);
  });

  test("where sluice has gone back by itself, only the image is put back", () => {
    const { deeds } = play(TWO, [BEGIN, LOADED, sidecar("b", V1, V2), sidecar("a", V1, V2)]);
    expect(deeds.map((deed) => deed.do)).toEqual(["patch", "patch", "patch"]);
  });

  test.each([
    ["no handshake", EMPTY, /did not shake hands within 60 s/],
    ["not ready", { ...V2, ready: false, waitingFor: ["gate consul"] }, /not ready within 60 s: gate consul/],
  ])("%s in time: put back", (_, slot, why) => {
    const { state } = play(TWO, [BEGIN, LOADED, sidecar("a", V1, slot), [60_000, TICK]]);
    expect(state.phase).toBe("putting-back");
    expect(state.trouble).toMatch(why);
  });

  const GOING_BACK = [
    BEGIN,
    LOADED,
    sidecar("a", V1, EMPTY),
    { at: 0, type: "call-off", reason: "undone" },
  ] as const;

  test("it is back when the stand-in runs, the Pod is ready, and the old version serves", () => {
    const { state, deeds } = play(TWO, [
      ...GOING_BACK,
      pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b2") }, { ready: false }),
      pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b3") }),
    ]);
    expect(state.outcome).toBe("put-back");
    expect(deeds.at(-1)).toMatchObject({ phase: "put-back", reason: "undone" });
  });

  test("it is not back while the bad container is still what runs", () => {
    const { state } = play(TWO, [
      ...GOING_BACK,
      pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b2", { imageId: "sha-v2" }) }),
    ]);
    expect(state.outcome).toBeUndefined();
  });

  test("it is not back while the kubelet, which had not seen the patch yet, starts the bad version once more", () => {
    const again = container("pause:1", "b3", { imageId: "sha-v2" });
    const crashed = { running: false, ended: { id: "b2", exitCode: 1, reason: "Error" } };
    const restarted = [
      BEGIN,
      sidecar("a", V1, EMPTY),
      pod({ app: container("app:v1", "a1"), "app-b": container("app:v2", "b2", crashed) }),
      pod({ app: container("app:v1", "a1"), "app-b": again }),
    ];
    expect(play(TWO, restarted).state.outcome).toBeUndefined();
    const back = pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b4") });
    expect(play(TWO, [...restarted, back]).state.outcome).toBe("put-back");
    // A stand-in that is the same image under another name cannot be told apart.
    const twin: UpgradePlan = { ...TWO, baseline: { ...TWO.baseline, imageId: "sha-v2" } };
    expect(play(twin, restarted).state.outcome).toBe("put-back");
  });

  test("a kubelet that acted on neither patch leaves the first container: it is back", () => {
    const { state } = play(TWO, [
      BEGIN,
      sidecar("a", V1, EMPTY),
      { at: 0, type: "call-off", reason: "undone" },
      pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b1") }),
    ]);
    expect(state.outcome).toBe("put-back");
  });

  test("a Pod that does not become ready again is told as failed", () => {
    const { state } = play(TWO, [...GOING_BACK, [70_000, TICK]]);
    expect(state.outcome).toBe("failed");
  });

  test("a placeholder that does not run gives way to the old version", () => {
    const { state, deeds } = play(TWO, [
      BEGIN,
      LOADED,
      sidecar("b", V1, V2),
      [10_003, sidecar("b", V1, V2)],
      pod({
        app: container("pause:1", "a1", { running: false, waiting: { reason: "ErrImagePull", message: "" } }),
        "app-b": container("app:v2", "b2"),
      }),
    ]);
    expect(state.outcome).toBe("failed");
    expect(deeds.at(-1)).toMatchObject({ images: { app: "app:v1" } });
  });

  test("without the sidecar's word nothing is committed, and in the end it is put back", () => {
    const silent: UpgradeEvent = { at: 0, type: "sidecar", facts: undefined };
    const begun = [BEGIN, LOADED, sidecar("b", V1, V2), silent];
    expect(play(TWO, [...begun, [30_000, TICK]]).state.phase).toBe("window");
    expect(play(TWO, [...begun, [70_003, TICK]]).state.phase).toBe("putting-back");
    expect(dueAt(play(TWO, [...begun, [10_003, TICK]]).state)).toBe(70_003);
  });

  test("an answer of before the window's end is no reason to commit: the sidecar is asked once more", () => {
    const over = [BEGIN, LOADED, sidecar("b", V1, V2), [10_003, TICK]] as const;
    const { state, deeds } = play(TWO, over);
    expect(deeds.at(-1)).toEqual({ do: "ask" });
    expect(state.phase).toBe("window");
    const bad = sidecar("a", V1, { ...V2, ready: false, waitingFor: ["v2 fails its probe"] });
    expect(play(TWO, [...over, bad]).state.trouble).toMatch(/v2 fails its probe/);
    expect(play(TWO, [...over, TICK]).deeds.filter((deed) => deed.do === "ask")).toHaveLength(1);
  });

  test("a commit whose patch is refused is never put back: it may have been carried out, and then nobody would serve", () => {
    const { state, deeds } = play(TWO, [
      BEGIN,
      LOADED,
      sidecar("b", V1, V2),
      [10_003, sidecar("b", V1, V2)],
      { at: 0, type: "refused", order: "patch", reason: "the cluster cannot be reached" },
    ]);
    expect(state).toMatchObject({ outcome: "failed", trouble: "the cluster cannot be reached" });
    expect(deeds.at(-1)).toMatchObject({ phase: "committing" });
  });

  test("going on with putting back finds the stand-in that was started before, and still knows why", () => {
    const { state, deeds } = play(
      TWO,
      [
        pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b3") }, { ready: false }),
        BEGIN,
        sidecar("a", V1, EMPTY),
        pod({ app: container("app:v1", "a1"), "app-b": container("pause:1", "b3") }),
      ],
      "putting-back",
      { id: "b2", imageId: "sha-v2", why: "exit code 3" },
    );
    expect(state.outcome).toBe("put-back");
    expect(deeds.at(-1)).toMatchObject({ phase: "put-back", reason: "exit code 3" });
  });

  test("a promotion that is refused is given again", () => {
    const { deeds } = play(TWO, [
      BEGIN,
      LOADED,
      sidecar("a", V1, V2),
      { at: 0, type: "refused", order: "promote", reason: "not ready" },
      sidecar("a", V1, V2),
    ]);
    expect(deeds.filter((deed) => deed.do === "promote")).toHaveLength(2);
  });
});

describe("one slot", () => {
  const AFTER = pod({ app: container("app:v2", "a2") });
  const NEW = { ...V1, life: "two", version: "v2" };

  test("the new version takes the place of the old one", () => {
    const { state, deeds } = play(ONE, [
      sidecar("a", V1),
      BEGIN,
      AFTER,
      sidecar("a", NEW),
      [20_000, sidecar("a", NEW)],
    ]);
    expect(state.outcome).toBe("upgraded");
    expect(deeds).toEqual([
      { do: "patch", images: { app: "app:v2" }, phase: "loading", reason: undefined },
      { do: "patch", images: {}, phase: "window", reason: undefined },
      { do: "patch", images: {}, phase: "done", reason: undefined },
    ]);
  });

  test("the old version still being there is no new version", () => {
    expect(play(ONE, [BEGIN, AFTER, sidecar("a", V1)]).state.phase).toBe("loading");
  });

  test("a delay of the way back is told before, and waited for", () => {
    const { state, orders } = play({ ...ONE, standInDelayMs: 10_000 }, [
      BEGIN,
      AFTER,
      { at: 0, type: "call-off", reason: "another Pod failed" },
      [69_000, TICK],
    ]);
    expect(orders[0]).toMatchObject({
      do: "say",
      tone: "bad",
      text: expect.stringMatching(/will wait 10 s/),
    });
    expect(state.outcome).toBeUndefined();
    expect(dueAt(state)).toBe(70_003);
  });

  test("put back: it is over when the old version serves again", () => {
    const crashed = { running: false, ended: { id: "a2", exitCode: 3, reason: "Error" } };
    const { state } = play(ONE, [
      BEGIN,
      pod({ app: container("app:v2", "a2", crashed) }),
      sidecar(undefined, { ...V1, state: "empty", life: undefined, ready: false }),
      pod({ app: container("app:v1", "a3") }),
      sidecar("a", { ...V1, life: "three" }),
    ]);
    expect(state.outcome).toBe("put-back");
  });
});

describe("whatever the phase", () => {
  test("a Pod that is deleted ends it", () => {
    expect(play(TWO, [BEGIN, LOADED, { at: 0, type: "pod", facts: undefined }]).state.outcome).toBe("gone");
    const leaving = pod(
      { app: container("app:v1", "a1"), "app-b": container("app:v2", "b2") },
      { leaving: true },
    );
    expect(play(TWO, [BEGIN, leaving]).state.outcome).toBe("gone");
  });

  test("another image in the target is somebody else's: nothing more is touched", () => {
    const { state, deeds } = play(TWO, [
      BEGIN,
      LOADED,
      pod({ app: container("app:v1", "a1"), "app-b": container("app:v3", "b3") }),
      [90_000, TICK],
    ]);
    expect(state.outcome).toBe("interfered");
    expect(deeds).toHaveLength(1);
  });

  test("a first patch that is refused leaves the Pod as it was", () => {
    const { state, deeds } = play(TWO, [
      BEGIN,
      { at: 0, type: "refused", order: "patch", reason: "not allowed" },
    ]);
    expect(state.outcome).toBe("failed");
    expect(deeds).toHaveLength(1);
  });

  test.each(["window", "committing", "putting-back"] as const)(
    "one that was interrupted in phase %s goes on there",
    (phase) => {
      const { deeds } = play(TWO, [BEGIN], phase);
      expect(deeds.map((deed) => deed.do === "patch" && deed.phase)).toEqual(
        phase === "putting-back" ? ["putting-back"] : [],
      );
    },
  );

  test("after the outcome nothing happens any more", () => {
    const gone: UpgradeEvent = { at: 0, type: "pod", facts: undefined };
    const { orders } = play(TWO, [gone, BEGIN, LOADED, sidecar("b", V1, V2), TICK]);
    expect(orders).toHaveLength(1);
  });
});
