// Scenario a: the path that most users take. A release rolls through an ordinary Deployment.

import { afterAll, beforeAll, expect, test } from "vitest";
import { CONTROL_LOADS } from "./harness/loads.ts";
import type { Dress, Wish } from "./harness/manifest.ts";
import { type Play, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("rolling", process.env);
});
afterAll(() => stage.close());

function rollOften(wish: Wish, rounds: number, requests: number): Play {
  return {
    wish,
    requests,
    async act(deployed, run) {
      for (let round = 0; round < rounds; round++) {
        await run.mark(`rolling update ${round + 1}`);
        await deployed.roll(`v${2 + (round % 10)}`);
      }
      return undefined;
    },
  };
}

test.each<[Dress]>([["native"], ["classic"]])(
  "a rolling update loses no request (%s sidecar)",
  async (dress) => {
    const wish = { name: `rolling-${dress}`, dress, replicas: 2, tag: "v1" };
    const proof = await prove(
      stage,
      `rolling update, ${dress} sidecar`,
      rollOften(wish, dress === "native" ? sizes.rounds : 1, sizes.requests),
      {
        ...rollOften({ ...wish, name: `rolling-${dress}-alone`, dress: "alone" }, 1, sizes.controlRequests),
        loads: CONTROL_LOADS,
      },
    );
    console.log(proof.line);
    expect(proof.reasons).toEqual([]);
    expect(proof.verdict).toBe("proven");
  },
);
