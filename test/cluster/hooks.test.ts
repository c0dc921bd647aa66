// Scenario l: the hooks as a real kubelet sends them, when it does two things at once or only half of what a stop is (R1, R2
// and R3 of docs/stop.md).

import { afterAll, beforeAll, expect, test } from "vitest";
import { CONTROL_LOADS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { isReady, statusOf } from "./harness/objects.ts";
import { type Play, prove } from "./harness/proof.ts";
import type { LogLine } from "./harness/sidecars.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("hooks", process.env);
});
afterAll(() => stage.close());

async function proveAct(name: string, wish: Wish, act: Play["act"], controlAct: Play["act"]): Promise<void> {
  const proof = await prove(
    stage,
    name,
    { wish, requests: sizes.requests, act },
    {
      wish: { ...wish, name: `${wish.name}-alone`, dress: "alone" },
      requests: sizes.controlRequests,
      act: controlAct,
      loads: CONTROL_LOADS,
    },
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
}

const slotHook =
  (name: string) =>
  ({ event, hook }: LogLine, pod?: string) =>
    event === "hook_asked" && hook === "slot" && (pod === undefined || pod === name);

test("R1, R2: a Pod deleted during a slot's hook loses no request", async () => {
  const wish = { name: "twice", dress: "native", replicas: 2, tag: "v1" } as const;
  await proveAct(
    "Pod deleted during a slot's hook",
    wish,
    async (deployed, run) => {
      const { name } = deployed.pods()[0]!.metadata;
      await run.mark("image changed");
      await deployed.patchImage(name, "app", stage.images.app("v2"));
      await stage.sidecars.line(deployed.app, "the slot's hook", slotHook(name));
      await run.mark("deletion during the hook");
      await deployed.deletePod(name);
      await deployed.steady();
      await stage.sidecars.settled(deployed.app);
      const { lines } = stage.sidecars.lives(deployed.app).find(({ pod }) => pod === name)!;
      const at = (matches: (line: LogLine) => boolean) => lines.findIndex(matches);
      const answered = lines.filter(({ event, hook }) => event === "hook_answered" && hook === "slot");
      const asked = at((line) => slotHook(name)(line));
      const leaving = at(({ event }) => event === "pod_leaving");
      const drained = at(({ event }) => event === "pod_drained");
      const last = lines.findLastIndex(({ event, hook }) => event === "hook_answered" && hook === "slot");
      return {
        broken: [
          ...(asked >= 0 && asked < leaving ? [] : ["the slot's hook did not come before the Pod's"]),
          ...(Number(answered[0]?.waitedMs) >= 1_000
            ? []
            : [`the first hook was answered after ${answered[0]?.waitedMs} ms`]),
          ...(answered.length === 2 ? [] : [`${answered.length} hooks of the slot were answered`]),
          ...(drained >= 0 && drained < last
            ? []
            : ["a slot's hook was answered before the Pod was drained"]),
        ],
        said: [`the slot's hooks waited ${answered.map(({ waitedMs }) => waitedMs).join(" and ")} ms`],
      };
    },
    async (deployed, run) => {
      const { name } = deployed.pods()[0]!.metadata;
      await run.mark("image changed");
      await deployed.patchImage(name, "app", stage.images.app("v2"));
      await run.mark("deletion");
      await deployed.deletePod(name);
      await deployed.steady();
      return undefined;
    },
  );
});

/** Resolves when the container has been started once more and its Pod serves. */
async function replaced(app: string, name: string, container: string): Promise<void> {
  await stage.mirror.until(`${container} of ${name} runs anew, and its Pod is ready`, () => {
    const pod = stage.mirror.pods(app).find(({ metadata }) => metadata.name === name);
    const isAnew = pod && statusOf(pod, container)?.restartCount === 1 && isReady(pod);
    return isAnew && stage.mirror.readyEndpoints(app).length === 2 ? true : undefined;
  });
}

test("R3: sluice's own container replaced alone loses no request", async () => {
  const wish = { name: "itself", dress: "native", replicas: 2, tag: "v1" } as const;
  await proveAct(
    "sluice's container alone replaced",
    wish,
    async (deployed, run) => {
      const { name } = deployed.pods()[0]!.metadata;
      const initContainers = [{ name: "sluice", image: stage.images.sluiceAgain }];
      await run.mark("sluice's image changed");
      await stage.api.patch(`${stage.path}/pods/${name}`, { spec: { initContainers } });
      await stage.sidecars.line(
        deployed.app,
        "that it is alone",
        ({ event }, pod) => event === "pod_alone" && pod === name,
      );
      await replaced(deployed.app, name, "sluice");
      const app = statusOf(deployed.pods().find(({ metadata }) => metadata.name === name)!, "app")!;
      const lives = stage.sidecars.lives(deployed.app).filter(({ pod }) => pod === name);
      return {
        broken: [
          ...(app.restartCount === 0 ? [] : ["the app was restarted too"]),
          ...(lives.length === 2 ? [] : [`${lives.length} lives of sluice were seen`]),
        ],
      };
    },
    async (deployed, run) => {
      const { name } = deployed.pods()[0]!.metadata;
      await run.mark("the app's image changed");
      await deployed.patchImage(name, "app", stage.images.app("v2"));
      await replaced(deployed.app, name, "app");
      return undefined;
    },
  );
});
