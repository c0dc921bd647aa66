// Scenario a: the path that most users take. A release rolls through an ordinary Deployment.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, enginesFrom } from "./harness/engines.ts";
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

/** The usual sidecar with every engine, the ordinary container with one. */
const SIDECARS: readonly (readonly [Dress, Engine])[] = [
  ...enginesFrom(process.env).map((engine) => ["native", engine] as const),
  ["classic", "standard"],
];

test.each(SIDECARS)("a rolling update loses no request (%s sidecar, %s engine)", async (dress, engine) => {
  const wish: Wish = { name: `rolling-${dress}-${engine}`, dress, engine, replicas: 2, tag: "v1" };
  const proof = await prove(
    stage,
    `rolling update, ${dress} sidecar, ${engine} engine`,
    rollOften(wish, dress === "native" ? sizes.rounds : 1, sizes.requests),
    {
      ...rollOften({ ...wish, name: `${wish.name}-alone`, dress: "alone" }, 1, sizes.controlRequests),
      loads: CONTROL_LOADS,
    },
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
