// Scenario c: the app is upgraded inside its only Pod, whose other slot takes over. Clients notice nothing at all.

import { afterAll, beforeAll, expect, test } from "vitest";
import { changeAlone, closedConnections, identityOf } from "./harness/in-place.ts";
import { type Play, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("two-slots", process.env);
});
afterAll(() => stage.close());

/** From the order to the switch, the image being on the node. */
const SWITCHED_MS = 6_000;
const CONTAINERS = ["app", "app-b"] as const;

function upgradeOften(rounds: number, requests: number): Play {
  return {
    wish: { name: "upgraded", dress: "two-slots", replicas: 1, tag: "v1" },
    requests,
    async act(deployed, run, { images, sidecars }) {
      const pod = deployed.pods()[0]!;
      const took: number[] = [];
      for (let round = 0; round < rounds; round++) {
        // A new tag each time: the kubelet backs off from an image that it has started in that container before.
        const tag = `v${2 + round}`;
        const idle = CONTAINERS[(round + 1) % 2]!;
        await run.mark(`upgrade to ${tag}`);
        const ordered = performance.now();
        await deployed.patchImage(pod.metadata.name, idle, images.app(tag));
        await sidecars.line(
          "upgraded",
          `the switch to ${tag}`,
          ({ event, version }) => event === "switch" && version === tag,
        );
        took.push(Math.round(performance.now() - ordered));
        await run.goOn(({ versions }) => versions.length === 1 && versions[0] === tag);
      }
      const [before, after] = [pod, deployed.pods()[0]!].map(identityOf);
      return {
        broken: [
          ...(before === after ? [] : [`it was ${before}, and is ${after}`]),
          ...took.filter((ms) => ms > SWITCHED_MS).map((ms) => `the switch came ${ms} ms after the order`),
        ],
        said: [`order to switch ${took.join(", ")} ms`, "same Pod, address and sluice"],
      };
    },
    review: closedConnections,
  };
}

test("upgrades in two slots lose no request and close no connection", async () => {
  const proof = await prove(
    stage,
    "in-Pod upgrade, two slots",
    upgradeOften(sizes.rounds, sizes.requests),
    changeAlone("changed-alone", sizes.controlRequests),
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
