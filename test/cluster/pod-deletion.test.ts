// Scenario b: a Pod is deleted, of two, and the only one while a long request runs in it.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoadOrder } from "../../loadtest/station/run.ts";
import { type Engine, enginesFrom } from "./harness/engines.ts";
import { CONTROL_LOADS, LOADS, longRequests } from "./harness/loads.ts";
import type { Dress, Wish } from "./harness/manifest.ts";
import { type Play, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("deletion", process.env);
});
afterAll(() => stage.close());

function deleteOften(wish: Wish, rounds: number, requests: number): Play {
  return {
    wish,
    requests,
    async act(deployed, run) {
      for (let round = 0; round < rounds; round++) {
        const pod = deployed.pods()[0]!.metadata.name;
        await run.mark(`deletion ${round + 1}`);
        await deployed.deletePod(pod);
        await deployed.steady();
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

test.each(SIDECARS)(
  "a deleted Pod of two loses no request (%s sidecar, %s engine)",
  async (dress, engine) => {
    const wish: Wish = { name: `deleted-${dress}-${engine}`, dress, engine, replicas: 2, tag: "v1" };
    const rounds = dress === "native" ? sizes.rounds : 1;
    const proof = await prove(
      stage,
      `Pod deleted, of two, ${dress} sidecar, ${engine} engine`,
      deleteOften(wish, rounds, sizes.requests),
      {
        ...deleteOften({ ...wish, name: `${wish.name}-alone`, dress: "alone" }, 1, sizes.controlRequests),
        loads: CONTROL_LOADS,
      },
    );
    console.log(proof.line);
    expect(proof.reasons).toEqual([]);
    expect(proof.verdict).toBe("proven");
  },
);

const LONG_MS = 20_000;

/** Traffic goes on meanwhile: while no other Pod is ready, kube-proxy sends to the leaving one, as long as that calls itself ready. */
function deleteOnly(wish: Wish, requests: number, loads: readonly LoadOrder[]): Play {
  return {
    wish,
    requests,
    loads: [...loads, longRequests(8, LONG_MS, LONG_MS)],
    async act(deployed, run) {
      // Each of the eight runs once, and its connection may stay open after it.
      const stopped = run.stop("long");
      await run.mark("deletion of the only Pod");
      await deployed.deletePod(deployed.pods()[0]!.metadata.name);
      await stopped;
      return undefined;
    },
  };
}

test("requests of 20 s outlive the deletion of their only Pod", async () => {
  const wish = { name: "only", dress: "native", replicas: 1, tag: "v1", graceSeconds: 60 } as const;
  // The best that can be done without sluice but by patience: a sleep before SIGTERM, which is shorter than the request.
  const control = { ...wish, name: "only-sleep", dress: "sleep", manner: "at-once" } as const;
  const proof = await prove(
    stage,
    "only Pod deleted under 20 s requests",
    deleteOnly(wish, sizes.requests, LOADS),
    deleteOnly(control, sizes.controlRequests, CONTROL_LOADS),
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
