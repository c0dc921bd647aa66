// What holds beside the accounts: who counts as ready, who may call a hook, and the order and the time of a Pod's stop. The
// namespace enforces `restricted` Pod Security: whatever runs in these tests was admitted under it.

import { afterAll, beforeAll, type ExpectStatic, expect, test } from "vitest";
import { longRequests } from "./harness/loads.ts";
import type { Dress } from "./harness/manifest.ts";
import { isReady, type Pod, statusOf } from "./harness/objects.ts";
import { type Deployed, openStage, type Stage } from "./harness/stage.ts";

const DRAIN_DELAY_MS = 5_000;
/** What the kubelet gives a container whose hook has used the grace up. */
const LAST_GRACE_MS = 2_000;
let stage: Stage;
const past: { readonly at: number; readonly pod: Pod; readonly gone: boolean }[] = [];

beforeAll(async () => {
  stage = await openStage("holds", process.env);
  stage.mirror.onPod((pod, gone) => past.push({ at: performance.now(), pod, gone }));
});
afterAll(() => stage.close());

interface KubeEvent {
  readonly reason: string;
  readonly message: string;
}

/** The only Pod of the app, once the kubelet has found it not ready. */
async function refusedPod(deployed: Deployed, expect: ExpectStatic): Promise<string> {
  const pod = await stage.mirror.until("the app runs", () =>
    deployed.pods().find((each) => statusOf(each, "app")?.state.running),
  );
  const { name } = pod.metadata;
  const events = `${stage.path}/events?fieldSelector=involvedObject.name=${name}`;
  await expect
    .poll(async () => (await stage.api.get<{ items: KubeEvent[] }>(events)).items, { timeout: 30_000 })
    .toContainEqual(
      expect.objectContaining({
        reason: "Unhealthy",
        message: expect.stringMatching(/^Readiness probe failed.*503/),
      }),
    );
  return name;
}

async function expectUnready(deployed: Deployed, reason: RegExp, expect: ExpectStatic): Promise<void> {
  const name = await refusedPod(deployed, expect);
  const readyz = () => stage.api.call("GET", `${stage.path}/pods/${name}:9080/proxy/readyz`);
  await expect.poll(async () => (await readyz()).text, { timeout: 15_000 }).toMatch(reason);
  expect((await readyz()).status).toBe(503);
  expect(stage.mirror.readyEndpoints(deployed.app)).toEqual([]);
  const wasReady = past.filter(({ pod }) => pod.metadata.name === name && isReady(pod));
  expect(wasReady, "it was never ready").toEqual([]);
  await stage.discard(deployed);
}

test.concurrent("an app that does not shake hands gets no endpoint", async ({ expect }) => {
  const deployed = await stage.apply({
    name: "silent",
    dress: "native",
    replicas: 1,
    tag: "v1",
    withoutHandshake: true,
  });
  await expectUnready(deployed, /has not shaken hands/, expect);
});

test.concurrent("an app that shakes hands without SIGTERM gets no endpoint", async ({ expect }) => {
  const deployed = await stage.apply({
    name: "deaf",
    dress: "native",
    replicas: 1,
    tag: "v1",
    manner: "deaf",
  });
  await expectUnready(deployed, /SIGTERM/, expect);
});

test.concurrent("an app whose gate is closed gets no endpoint, and the gate is named", async ({ expect }) => {
  const deployed = await stage.apply({
    name: "gated",
    dress: "native",
    replicas: 1,
    tag: "v1",
    flags: ["--gates=consul"],
  });
  await expectUnready(deployed, /gate consul has not been opened/, expect);
});

/** What is promised: the period of the kubelet's probe, and half a second to see and tell it. */
const READY_MS = 1_500;

test("the kubelet calls a Pod ready within 1.5 s of its app's handshake", async () => {
  const deployed = await stage.deploy({ name: "prompt", dress: "native", replicas: 3, tag: "v1" });
  const took = deployed.pods().map(({ metadata }) => {
    const { lines } = stage.sidecars.lives("prompt").find(({ pod }) => pod === metadata.name)!;
    const shaken = Date.parse(String(lines.find(({ event }) => event === "handshake")?.time));
    const seen = past.find(({ pod }) => pod.metadata.name === metadata.name && isReady(pod))!;
    return Math.round(performance.timeOrigin + seen.at - shaken);
  });
  console.log(`HELD  ready after the handshake, as the API server tells it: ${took.join(", ")} ms`);
  expect(took).toHaveLength(3);
  for (const ms of took) expect(ms).toBeLessThanOrEqual(READY_MS);
  await stage.discard(deployed);
});

/** Runs a script in a Pod of its own; resolves with what it printed. */
async function inAnotherPod(name: string, script: string): Promise<string> {
  await stage.api.post(`${stage.path}/pods`, {
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: "Never",
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "caller",
          image: stage.images.tools,
          imagePullPolicy: "IfNotPresent",
          command: ["/usr/local/bin/node", "-e", script],
          securityContext: {
            runAsUser: 65532,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  });
  await stage.mirror.until(`${name} has ended`, () =>
    stage.mirror
      .pods(name)
      .map((pod) => statusOf(pod, "caller")?.state.terminated)
      .find((end) => end),
  );
  return stage.api.text(`${stage.path}/pods/${name}/log`);
}

test.concurrent("another Pod that calls a hook gets 403 and stops nothing; the kubelet's call does", async () => {
  const deployed = await stage.deploy({ name: "guarded", dress: "native", replicas: 1, tag: "v1" });
  const pod = deployed.pods()[0]!;
  const hooks = ["/prestop/pod", "/prestop/slots/a"].map((path) => `http://${pod.status.podIP}:9080${path}`);
  const script = `Promise.all(${JSON.stringify(hooks)}.map(async (url) => (await fetch(url)).status)).then((all) => console.log(all.join()))`;
  expect((await inAnotherPod("stranger", script)).trim()).toBe("403,403");
  const asked = () =>
    stage.sidecars
      .lives("guarded")
      .flatMap(({ lines }) => lines)
      .filter(({ event }) => event === "hook_asked");
  expect(asked()).toEqual([]);
  expect(stage.mirror.readyEndpoints("guarded")).toEqual([pod.status.podIP]);
  await deployed.deletePod(pod.metadata.name);
  await stage.sidecars.line(
    "guarded",
    "the kubelet calls the Pod's hook",
    ({ event, hook }) => event === "hook_answered" && hook === "pod",
  );
  await stage.discard(deployed);
});

async function gone(name: string): Promise<{ readonly at: number; readonly pod: Pod }> {
  return stage.mirror.until(
    `${name} has gone`,
    () => past.find((each) => each.gone && each.pod.metadata.name === name),
    120_000,
  );
}

/** From the first hook, which the kubelet calls within some 10 ms of the deletion, to sluice's exit. */
function stopMsOf(app: string, name: string): number {
  const { lines } = stage.sidecars.lives(app).find(({ pod }) => pod === name)!;
  const when = (what: string) => Date.parse(String(lines.find(({ event }) => event === what)?.time));
  return when("exit") - when("hook_asked");
}

test.concurrent("sluice starts before the app and stops after it, though the app takes 10 s", async () => {
  const wish = { name: "order", dress: "native", replicas: 1, tag: "v1", manner: "slow" } as const;
  const deployed = await stage.deploy(wish);
  const { name } = deployed.pods()[0]!.metadata;
  const before = past.find(
    ({ pod }) => pod.metadata.name === name && statusOf(pod, "sluice")?.state.running,
  )!.pod;
  expect(statusOf(before, "app")?.state.running, "sluice runs and the app does not").toBeUndefined();
  await deployed.scale(0);
  const last = (await gone(name)).pod;
  const ends = (container: string) => {
    const { startedAt, finishedAt, exitCode } = statusOf(last, container)!.state.terminated!;
    return { startedAt: Date.parse(startedAt), finishedAt: Date.parse(finishedAt), exitCode };
  };
  const [sluice, app] = [ends("sluice"), ends("app")];
  expect(sluice.startedAt).toBeLessThanOrEqual(app.startedAt);
  expect(sluice.finishedAt).toBeGreaterThanOrEqual(app.finishedAt);
  expect([sluice.exitCode, app.exitCode]).toEqual([0, 0]);
  // Its own clock, finer than the kubelet's: the app's end comes first.
  const [life] = stage.sidecars.lives("order");
  const when = (what: string) =>
    Date.parse(String(life!.lines.findLast(({ event }) => event === what)?.time));
  expect(when("exit")).toBeGreaterThan(when("lifeline_lost"));
  expect(app.finishedAt - when("hook_answered"), "the app was waited for").toBeGreaterThan(8_000);
  await stage.discard(deployed);
});

test.concurrent.each<[Dress]>([["native"], ["classic"], ["two-slots"]])(
  "%s: admitted under restricted; a stop with nothing in flight takes at most the minimum delay and 2 s",
  async (dress) => {
    const deployed = await stage.deploy({ name: `idle-${dress}`, dress, replicas: 1, tag: "v1" });
    const { name } = deployed.pods()[0]!.metadata;
    const begun = performance.now();
    await deployed.scale(0);
    const { at } = await gone(name);
    const stopMs = stopMsOf(deployed.app, name);
    const objectMs = Math.round(at - begun);
    console.log(
      `HELD  a Pod without work stops in ${stopMs} ms (its object is gone after ${objectMs} ms), ${dress}`,
    );
    expect(stopMs).toBeGreaterThanOrEqual(DRAIN_DELAY_MS);
    expect(stopMs).toBeLessThanOrEqual(DRAIN_DELAY_MS + 2_000);
    await stage.discard(deployed);
  },
);

test.concurrent("negative control: Pod Security refuses the same Pod as root", async () => {
  const { status, text } = await stage.api.call("POST", `${stage.path}/pods`, {
    metadata: { name: "root" },
    spec: { containers: [{ name: "app", image: stage.images.tools }] },
  });
  expect(status).toBe(403);
  expect(text).toContain('violates PodSecurity \\"restricted');
});

test.concurrent.each<[string, number, number | undefined]>([
  ["its own", 20, undefined],
  ["a shorter one given at the deletion", 30, 8],
])("a stop under requests of a minute does not outlive the grace: %s", async (_, own, given) => {
  const graceMs = (given ?? own) * 1_000;
  const app = `grace-${given ?? own}`;
  const deployed = await stage.deploy({
    name: app,
    dress: "native",
    replicas: 1,
    tag: "v1",
    manner: "graceful",
    graceSeconds: own,
    flags: ["--drain-delay=2s"],
  });
  const run = await stage.begin(deployed);
  await run.load(longRequests(4, 60_000, 60_000));
  await run.goOn(({ inFlight }) => inFlight === 4);
  const stopped = run.stop();
  const { name } = deployed.pods()[0]!.metadata;
  await deployed.deletePod(name, given);
  const { pod } = await gone(name);
  await stopped;
  const { failed } = await run.counts();
  const stopMs = stopMsOf(app, name);
  console.log(`HELD  a Pod with ${failed} requests of a minute stops in ${stopMs} ms of ${graceMs}`);
  expect(stopMs).toBeLessThanOrEqual(graceMs + (given === undefined ? 0 : LAST_GRACE_MS));
  const exit = await stage.sidecars.line(app, "its exit", ({ event }) => event === "exit");
  // Killed, it would be 137.
  expect(exit.code).toBe(statusOf(pod, "sluice")?.state.terminated?.exitCode);
  // What was cut is known: every one of the client's failures is in the account.
  expect(exit).toMatchObject({ accepted: 4, answered: 0, client_aborted: 0, refused: 0, inFlight: 0 });
  expect(failed).toBe(4);
  await stage.discard(deployed);
});
