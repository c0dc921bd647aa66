// Scenarios g and i: Pods are evicted and scaled away, and the app does on SIGTERM whatever apps do.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CONTROL_LOADS, NEWCOMERS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { type Play, type Proof, prove } from "./harness/proof.ts";
import { CHILD_OF_SHELL } from "./harness/shell.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("manners", process.env);
});
afterAll(() => stage.close());

type Act = Play["act"];

/** The act on the app with sluice, and at the same time on the same app without. */
async function proveAct(name: string, wish: Wish, act: Act): Promise<Proof> {
  const proof = await prove(
    stage,
    name,
    { wish, requests: sizes.requests, act },
    {
      wish: { ...wish, name: `${wish.name}-alone`, dress: "alone" },
      requests: sizes.controlRequests,
      act,
      // An app that stops in order loses only who comes to it while kube-proxy does not know yet.
      loads: [...CONTROL_LOADS, NEWCOMERS],
    },
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
  return proof;
}

const deleteOne: Act = async (deployed, run) => {
  await run.mark("deletion");
  await deployed.deletePod(deployed.pods()[0]!.metadata.name);
  await deployed.steady();
  return undefined;
};

test.each<[string, Partial<Wish>]>([
  ["exits at once on SIGTERM", { name: "at-once", manner: "at-once" }],
  // Its handshake names no signal: by default such an app is not ready at all, so sluice is told to take it as it is.
  [
    "has no handler for SIGTERM and runs on until it is killed",
    { name: "deaf", manner: "deaf", flags: ["--require-signals="], graceSeconds: 20 },
  ],
  ["takes 10 s to stop", { name: "slow", manner: "slow" }],
  // The shell passes SIGTERM on to nobody: the app runs on until it is killed, and by then has nothing to do.
  ["is the child of a shell", { name: "child", appCommand: CHILD_OF_SHELL, graceSeconds: 20 }],
])("a deleted Pod of two loses no request when the app %s", async (what, how) => {
  const wish = { name: "app", dress: "native", replicas: 2, tag: "v1", ...how } as const;
  await proveAct(`Pod deleted, of two; the app ${what}`, wish, deleteOne);
});

async function evict(pod: string): Promise<number> {
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod } };
  const path = `/api/v1/namespaces/${stage.namespace}/pods/${pod}/eviction`;
  return (await stage.api.call("POST", path, body)).status;
}

const evictAll: Act = async (deployed, run) => {
  const budget = `/apis/policy/v1/namespaces/${stage.namespace}/poddisruptionbudgets/${deployed.app}`;
  const statuses: number[] = [];
  const [first, second] = deployed.pods().map(({ metadata }) => metadata.name) as [string, string];
  for (const pod of [first, second]) {
    await expect
      .poll(
        async () =>
          (await stage.api.get<{ status: { disruptionsAllowed: number } }>(budget)).status.disruptionsAllowed,
        { timeout: 30_000 },
      )
      .toBe(1);
    await run.mark("eviction");
    statuses.push(await evict(pod));
    // The budget holds the other one back.
    if (pod === first) statuses.push(await evict(second));
    await deployed.left(pod);
    await deployed.steady();
  }
  return { said: [`evictions answered ${statuses.join(", ")}`] };
};

test("evictions under a PodDisruptionBudget lose no request", async () => {
  const wish = { name: "evicted", dress: "native", replicas: 2, tag: "v1", budget: true } as const;
  const { run } = await proveAct("both Pods evicted, under a budget", wish, evictAll);
  expect(run.said).toEqual(["evictions answered 201, 429, 201"]);
});

const scaleDownAndUp: Act = async (deployed, run) => {
  for (const replicas of [1, 3]) {
    await run.mark(`scale to ${replicas}`);
    await deployed.scale(replicas);
    await deployed.steady(replicas);
  }
  return undefined;
};

test("scaling from 3 to 1 to 3 loses no request", async () => {
  const wish = { name: "scaled", dress: "native", replicas: 3, tag: "v1" } as const;
  await proveAct("scaled 3 to 1 to 3", wish, scaleDownAndUp);
});
