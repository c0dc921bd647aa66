// Upgrades in running Pods by the command line, against a real API server and kubelet.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leasesOf } from "../../src/cluster/lease.ts";
import { isReady, type Pod, statusOf } from "../../src/cluster/objects.ts";
import { podsOf } from "../../src/cluster/workload.ts";
import { documentedRole, type Ground, IMAGES, openGround, PLACEHOLDER } from "./upgrade.fixture.ts";

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const app = (tag: string) => IMAGES.app(tag);
const QUICK = ["--commit-window", "2s", "--timeout", "60s"];

function imagesOf(pod: Pod): Record<string, string | undefined> {
  return Object.fromEntries(pod.spec.containers.map(({ name, image }) => [name, image]));
}

/** What must not change when the app does. */
function identityOf(pod: Pod) {
  return {
    uid: pod.metadata.uid,
    ip: pod.status?.podIP,
    restarts: statusOf(pod, "sluice")?.restartCount,
    sluice: statusOf(pod, "sluice")?.containerID,
  };
}

interface Slot {
  readonly name: string;
  readonly version?: string;
  readonly instance?: string;
}

/** What serves in each Pod. */
async function activeSlots(workload: string): Promise<readonly (Slot | undefined)[]> {
  const { out } = await ground.sluice("status", workload, "-o", "json");
  const { pods } = JSON.parse(out) as {
    readonly pods: readonly {
      readonly status: { readonly active: string; readonly slots: readonly Slot[] };
    }[];
  };
  return pods.map(({ status }) => status.slots.find(({ name }) => name === status.active));
}

async function activeVersions(workload: string): Promise<readonly (string | undefined)[]> {
  return (await activeSlots(workload)).map((slot) => slot?.version);
}

/** Runs `act` and tells whether any Pod of the app was unready meanwhile. */
async function unreadyDuring(name: string, act: () => Promise<unknown>): Promise<boolean> {
  const ending = new AbortController();
  let wasUnready = false;
  const { version } = await ground.client.list<Pod>(podsOf(ground.namespace));
  const watching = (async () => {
    const events = ground.client.watch<Pod>(
      podsOf(ground.namespace),
      { labelSelector: `app=${name}` },
      version,
      ending.signal,
    );
    for await (const { object } of events) if (!isReady(object)) wasUnready = true;
  })();
  await act();
  ending.abort();
  await watching;
  return wasUnready;
}

describe.concurrent("two slots", () => {
  test("every Pod gets the version, and keeps its identity; clients notice nothing; --undo goes back the same way", async () => {
    await ground.deploy("two-slots.yaml", "good", 2);
    const press = await ground.press("good");
    const before = await ground.pods("good");

    const wasUnready = await unreadyDuring("good", async () => {
      const { exitCode, out } = await ground.sluice(
        "upgrade",
        "deployment/good",
        "--image",
        app("v2"),
        ...QUICK,
      );
      expect(out).toMatch(/Done: 2 upgraded/);
      expect(out).toMatch(/ 0 failed or cut/);
      expect(out).toMatch(/the next Pod comes with that/);
      expect(exitCode).toBe(0);
    });
    expect(wasUnready).toBe(false);
    const after = await ground.pods("good");
    expect(after.map(identityOf)).toEqual(before.map(identityOf));
    expect(after.map(imagesOf)).toEqual(after.map(() => ({ app: PLACEHOLDER, "app-b": app("v2") })));
    expect(await activeVersions("deployment/good")).toEqual(["v2", "v2"]);

    const again = await ground.sluice("upgrade", "good", "--image", app("v2"));
    expect(again).toMatchObject({ exitCode: 0, out: expect.stringMatching(/2 left as they were/) });

    const undone = await ground.sluice("upgrade", "good", "--undo", "--parallel", "100%", ...QUICK);
    expect(undone).toMatchObject({ exitCode: 0, out: expect.stringMatching(/Done: 2 upgraded/) });
    expect(await activeVersions("good")).toEqual(["v1", "v1"]);
    expect((await ground.pods("good")).map(identityOf)).toEqual(before.map(identityOf));

    const { ok, failed, why } = await press.stop();
    expect({ failed, why }).toEqual({ failed: 0, why: "" });
    expect(ok).toBeGreaterThan(1_000);
  });

  test.each([
    ["crashes", "crash", /exit code 3/],
    ["is never ready", "never-ready", /not ready within 6 s: never-ready fails its probe/],
    ["goes bad inside the window", "fails-later", /ready no longer: fails-later fails its probe/],
    ["is not on the node", "nowhere", /cannot be pulled|not on the node/],
  ])("a version that %s is put back, and clients notice nothing", async (_, tag, why) => {
    const name = `bad-${tag}`;
    await ground.deploy("two-slots.yaml", name, 1);
    const press = await ground.press(name);
    const [before] = await ground.pods(name);
    const words = ["--image", app(tag), "--no-pull", "--commit-window", "15s", "--timeout", "6s"];
    const { exitCode, out } = await ground.sluice("upgrade", name, ...words);
    expect(out).toMatch(why);
    expect(out).toMatch(/Stopped, since a Pod was not upgraded/);
    expect(exitCode).toBe(1);
    const [after] = await ground.pods(name);
    expect(imagesOf(after!)).toEqual(imagesOf(before!));
    expect(identityOf(after!)).toEqual(identityOf(before!));
    expect(isReady(after!)).toBe(true);
    expect(await activeVersions(name)).toEqual(["v1"]);
    const { failed, why: reason } = await press.stop();
    // While a slot crashes, the kubelet calls the Pod unready, and with one Pod new connections find nobody.
    if (tag === "never-ready" || tag === "fails-later")
      expect({ failed, reason }).toEqual({ failed: 0, reason: "" });
  });

  test("an image that cannot be pulled is found before any Pod is touched", async () => {
    await ground.deploy("two-slots.yaml", "unpulled", 1);
    const [before] = await ground.pods("unpulled");
    const { exitCode, out } = await ground.sluice("upgrade", "unpulled", "--image", app("nowhere"));
    expect(out).toMatch(/cannot be pulled on node .*\nNo Pod was touched/);
    expect(exitCode).toBe(1);
    const [after] = await ground.pods("unpulled");
    expect(after?.metadata.annotations).toEqual(before?.metadata.annotations);
    const { items } = await ground.client.list<Pod>(podsOf(ground.namespace), {
      labelSelector: "app.kubernetes.io/managed-by=sluice",
    });
    expect(
      items.filter(({ metadata }) => metadata.name.startsWith("unpulled") && !metadata.deletionTimestamp),
    ).toEqual([]);
  });

  test("interrupted twice it leaves the Pod half way; another image is refused; started again it goes on without a restart", async () => {
    await ground.deploy("two-slots.yaml", "broken-off", 1);
    const running = ground.start(["upgrade", "broken-off", "--image", app("v2"), "--commit-window", "10m"]);
    await running.says("it has to stay ready");
    running.child.kill("SIGINT");
    await running.says("interrupted");
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/Go on: .*--image .*Go back: .*--undo/),
    });

    const half = await activeSlots("broken-off");
    const shown = await ground.sluice("upgrade", "status", "broken-off");
    expect(shown.out).toMatch(/no upgrade runs[\s\S]*window[\s\S]*1 Pod\(s\) half way/);
    const other = await ground.sluice("upgrade", "broken-off", "--image", app("v3"));
    expect(other).toMatchObject({ exitCode: 1, err: expect.stringMatching(/half way to /) });

    const { exitCode, out } = await ground.sluice("upgrade", "broken-off", "--image", app("v2"), ...QUICK);
    expect({ exitCode, out }).toMatchObject({ exitCode: 0, out: expect.stringMatching(/Done: 1 upgraded/) });
    const [after] = await ground.pods("broken-off");
    // The same process: the kubelet's status may come later than the handshake.
    expect(await activeSlots("broken-off")).toEqual(
      half.map((slot) => expect.objectContaining({ instance: slot?.instance, version: "v2" })),
    );
    expect(imagesOf(after!)).toEqual({ app: PLACEHOLDER, "app-b": app("v2") });
  });

  test("interrupted once, the Pod in hand is finished and no other begun; two at once refuse each other", async () => {
    await ground.deploy("two-slots.yaml", "contested", 2);
    const first = ground.start(["upgrade", "contested", "--image", app("v2"), "--commit-window", "20s"]);
    await first.says("it has to stay ready");
    const second = await ground.sluice("upgrade", "contested", "--image", app("v3"));
    expect(second).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/half way|another upgrade of deployment\/contested runs, by /),
    });
    first.child.kill("SIGINT");
    const { exitCode, out } = await first.ended;
    expect(out).toMatch(/Interrupted: 1 upgraded, 1 left/);
    expect(exitCode).toBe(1);
    const lease = await ground.client.get<{ spec: { holderIdentity?: string } }>(
      leasesOf(ground.namespace),
      "sluice-upgrade-deployment-contested",
    );
    expect(lease.spec.holderIdentity ?? "").toBe("");
  });

  test("a bad version fails its preflight, and no Pod of the workload is touched", async () => {
    await ground.deploy("two-slots.yaml", "tried", 1);
    const bad = await ground.sluice("upgrade", "tried", "--image", app("crash"), "--preflight");
    expect(bad).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/preflight: .* is not good: .*exit code 3[\s\S]*No Pod was touched/),
    });
    const good = await ground.sluice(
      "upgrade",
      "tried",
      "--image",
      app("v2"),
      "--preflight",
      "--pause",
      ...QUICK,
    );
    expect(good).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/preflight: it became ready[\s\S]*Done: 1 upgraded/),
    });
  });

  test("a reader of the output that leaves does not break it off", async () => {
    await ground.deploy("two-slots.yaml", "unread", 1);
    const running = ground.start(["upgrade", "unread", "--image", app("v2"), ...QUICK]);
    await running.says("is put into container");
    running.child.stdout?.destroy();
    expect((await running.ended).exitCode).toBe(0);
    const [pod] = await ground.pods("unread");
    expect(imagesOf(pod!)).toEqual({ app: PLACEHOLDER, "app-b": app("v2") });
  });

  test("a StatefulSet with OnDelete gets the image into its template too", async () => {
    await ground.deploy("statefulset.yaml", "set", 1);
    const { exitCode, out } = await ground.sluice(
      "upgrade",
      "sts/set",
      "--image",
      app("v2"),
      "--update-template",
      ...QUICK,
    );
    expect({ exitCode, out }).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/template of statefulset\/set has .*:v2 now/),
    });
    const [pod] = await ground.pods("set");
    expect(pod?.metadata.deletionTimestamp).toBeUndefined();
    expect(imagesOf(pod!)["app-b"]).toBe(app("v2"));
  });

  test("a Pod that is deleted meanwhile is told; its successor is upgraded in its place", async () => {
    await ground.deploy("two-slots.yaml", "replaced", 1);
    const [before] = await ground.pods("replaced");
    const running = ground.start(["upgrade", "replaced", "--image", app("v2"), "--commit-window", "3s"]);
    await running.says("it has to stay ready");
    await ground.client.remove(podsOf(ground.namespace), before!.metadata.name);
    const { exitCode, out } = await running.ended;
    expect(out).toMatch(/was deleted meanwhile/);
    expect(exitCode).toBe(0);
    const [after] = await ground.pods("replaced");
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(imagesOf(after!)["app-b"]).toBe(app("v2"));
  });
});

describe.concurrent("one slot", () => {
  test("the app is replaced in place, requests wait meanwhile; a bad version is put back", async () => {
    await ground.deploy("deployment.yaml", "single", 1);
    const press = await ground.press("single");
    const [before] = await ground.pods("single");
    const good = await ground.sluice("upgrade", "single", "--image", app("v2"), ...QUICK);
    expect(good.out).toMatch(/[1-9]\d* held, the longest for (at most )?\d+ ms/);
    expect(good.out).toMatch(/ 0 failed or cut/);
    expect(good.exitCode).toBe(0);
    const { failed, why } = await press.stop();
    expect({ failed, why }).toEqual({ failed: 0, why: "" });

    const bad = await ground.sluice("upgrade", "single", "--image", app("crash"), ...QUICK);
    expect(bad).toMatchObject({ exitCode: 1, out: expect.stringMatching(/exit code 3[\s\S]*put back/) });
    const [after] = await ground.pods("single");
    expect(identityOf(after!)).toEqual(identityOf(before!));
    expect(imagesOf(after!)).toEqual({ app: app("v2") });
    expect(await activeVersions("single")).toEqual(["v2"]);
  });
});

test("a plan is shown without a trace, and what is not there is said so", async () => {
  await ground.deploy("two-slots.yaml", "looked-at", 1);
  const { exitCode, out } = await ground.sluice("upgrade", "looked-at", "--image", app("v2"), "--dry-run");
  expect(out).toMatch(/container app-b \(slot b\): .*pause.* -> .*:v2[\s\S]*Nothing was changed/);
  expect(exitCode).toBe(0);
  const [pod] = await ground.pods("looked-at");
  expect(imagesOf(pod!)["app-b"]).toBe(PLACEHOLDER);

  const missing = await ground.sluice("upgrade", "deployment/nothing", "--image", app("v2"));
  expect(missing).toMatchObject({ exitCode: 1, err: expect.stringMatching(/"nothing" not found/) });
  const rolling = await ground.sluice("upgrade", "looked-at", "--image", app("v2"), "--update-template");
  expect(rolling).toMatchObject({ exitCode: 64, err: expect.stringMatching(/would replace its Pods/) });
});

test("who may do nothing is told so; without one verb nothing is changed; the documented role is enough", async () => {
  await ground.deploy("two-slots.yaml", "guarded", 1);
  const words = ["upgrade", "deployment/guarded", "--image", app("v2"), ...QUICK];
  const stranger = await ground.kubeconfigFor("stranger", []);
  const refused = await ground.start(words, stranger).ended;
  expect(refused).toMatchObject({
    exitCode: 77,
    err: expect.stringMatching(/not allowed: get deployments\.apps in namespace upgrade-/),
  });

  const { rules } = documentedRole();
  const withoutPatch = rules.map((rule) => ({
    ...rule,
    verbs: rule.verbs.filter((verb) => verb !== "patch"),
  }));
  const half = await ground.start(words, await ground.kubeconfigFor("half", withoutPatch)).ended;
  expect(half).toMatchObject({
    exitCode: 77,
    err: expect.stringMatching(/not allowed: patch pods in namespace upgrade-/),
  });
  const [pod] = await ground.pods("guarded");
  expect(imagesOf(pod!)["app-b"]).toBe(PLACEHOLDER);

  const whole = await ground.start([...words, "--preflight"], await ground.kubeconfigFor("upgrader", rules))
    .ended;
  expect(whole).toMatchObject({ exitCode: 0, out: expect.stringMatching(/Done: 1 upgraded/) });
});
