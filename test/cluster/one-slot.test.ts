// Scenario d: the only slot's image is changed in place. Downtime becomes latency: requests are held, none fails.

import { afterAll, beforeAll, expect, test } from "vitest";
import { changeAlone, closedConnections, identityOf } from "./harness/in-place.ts";
import { type Play, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("one-slot", process.env);
});
afterAll(() => stage.close());

function changeOften(rounds: number, requests: number): Play {
  return {
    wish: { name: "changed", dress: "native", replicas: 1, tag: "v1" },
    requests,
    async act(deployed, run, { api, images, path }) {
      const pod = deployed.pods()[0]!;
      const heldOf = async () => {
        const metrics = await api.text(`${path}/pods/${pod.metadata.name}:9080/proxy/metrics`);
        return Number(/^sluice_held_requests_total (\d+)$/m.exec(metrics)?.[1]);
      };
      const held = [await heldOf()];
      for (let round = 0; round < rounds; round++) {
        // A new tag each time: the kubelet backs off from an image that it has started in that container before.
        const tag = `v${2 + round}`;
        await run.mark(`image change to ${tag}`);
        await deployed.patchImage(pod.metadata.name, "app", images.app(tag));
        await run.goOn(({ versions }) => versions.length === 1 && versions[0] === tag);
        held.push(await heldOf());
      }
      const [before, after] = [pod, deployed.pods()[0]!].map(identityOf);
      const each = held.slice(1).map((count, round) => count - held[round]!);
      return {
        broken: [
          ...(before === after ? [] : [`it was ${before}, and is ${after}`]),
          ...each.filter((count) => !(count > 0)).map((count) => `${count} requests were held in a change`),
        ],
        said: [`held ${each.join(", ")}`, "same Pod, address and sluice"],
      };
    },
    review: closedConnections,
  };
}

test("an image change in the only slot holds requests and loses none", async () => {
  const proof = await prove(
    stage,
    "in-place image change, one slot",
    changeOften(sizes.rounds, sizes.requests),
    changeAlone("changed-alone", sizes.controlRequests),
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
