// Scenario h: a new image that crashes, is not there, is never ready, or goes bad after a while. `sluice upgrade` puts the old
// one back, and no request fails meanwhile.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, startNode } from "../sluice.fixture.ts";
import { identityOf } from "./harness/in-place.ts";
import { CONTROL_LOADS } from "./harness/loads.ts";
import { isReady, statusOf } from "./harness/objects.ts";
import { type Play, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const MAIN = join(ROOT, "src/cli/main.ts");
/** Exit code of an upgrade that has put back what it began. */
const NOT_UPGRADED = 1;
const CONTAINERS = ["app", "app-b"];

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("bad-image", process.env);
});
afterAll(() => stage.close());

function upgrade(namespace: string, name: string, image: string) {
  const words = ["--no-pull", "--commit-window", "15s", "--timeout", "6s", "-n", namespace];
  return startNode([MAIN, "upgrade", `deployment/${name}`, "--image", image, ...words]).finished;
}

function putBack(tag: string, why: RegExp): Play {
  return {
    wish: { name: `upgraded-${tag}`, dress: "two-slots", replicas: 2, tag: "v1" },
    requests: sizes.requests,
    async act(deployed, run, { images, namespace }) {
      const state = () =>
        deployed
          .pods()
          .map(
            (pod) =>
              `${identityOf(pod)}, ${CONTAINERS.map((name) => statusOf(pod, name)?.image).join(" and ")}`,
          )
          .toSorted()
          .join("; ");
      const before = state();
      await run.mark(`upgrade to ${tag}`);
      const { exitCode, out, err } = await upgrade(namespace, deployed.app, images.app(tag));
      await deployed.steady(2);
      const after = state();
      return {
        broken: [
          ...(exitCode === NOT_UPGRADED && why.test(out)
            ? []
            : [`the upgrade ended with ${exitCode}: ${out}${err}`]),
          ...(before === after ? [] : [`it was ${before}; it is ${after}`]),
        ],
        said: ["put back; same Pods, addresses and sluices"],
      };
    },
  };
}

/** The same image in the only container of the app alone, until it is put back by hand. */
function alone(tag: string): Play {
  return {
    wish: { name: `alone-${tag}`, dress: "alone", replicas: 1, tag: "v1" },
    requests: sizes.controlRequests,
    loads: CONTROL_LOADS,
    async act(deployed, run, { images, mirror }) {
      const { name } = deployed.pods()[0]!.metadata;
      await run.mark(`image ${tag}`);
      await deployed.patchImage(name, "app", images.app(tag));
      await mirror.until(`${tag} alone is not ready`, () => deployed.pods().find((pod) => !isReady(pod)));
      await run.goOn(sizes.controlRequests / 2);
      await deployed.patchImage(name, "app", images.app("v1"));
      await mirror.until("the old image is back", () => deployed.pods().find(isReady));
      return undefined;
    },
  };
}

test.each([
  ["crashes", "crash", /exit code 3/],
  ["is not there", "nowhere", /cannot be pulled|not on the node/],
  ["is never ready", "never-ready", /never-ready fails its probe/],
  ["goes bad after a while", "fails-later", /fails-later fails its probe/],
])("an image that %s is put back, and no request fails", async (_what, tag, why) => {
  const proof = await prove(stage, `bad image: ${tag}`, putBack(tag, why), alone(tag));
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
