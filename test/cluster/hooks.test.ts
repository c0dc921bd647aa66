// Of scenario l, R3: sluice's own container alone is replaced by a real kubelet.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CONTROL_LOADS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { isReady, statusOf } from "./harness/objects.ts";
import { type Play, prove } from "./harness/proof.ts";
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
