// Scenario f: the app is sick, its liveness fails, and the kubelet restarts its slot alone.

import { afterAll, beforeAll, expect, test } from "vitest";
import { closedConnections, identityOf } from "./harness/in-place.ts";
import { runInApp } from "./harness/kubectl.ts";
import { LOADS, POSTS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { isReady, type Pod, statusOf } from "./harness/objects.ts";
import { type Play, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { type Deployed, openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("liveness", process.env);
});
afterAll(() => stage.close());

/** Its health fails from now on; whatever else it is asked, it goes on answering. */
async function sicken({ namespace }: Stage, pod: string): Promise<void> {
  const script = "fetch('http://127.0.0.1:8081/sick')";
  const { code } = await runInApp(namespace, pod, script);
  if (code !== 0) throw new Error(`the app in ${pod} was not reached: kubectl exec ended with ${code}`);
}

/** Kube-proxy may have known of one Pod only when the load opened its connections. */
async function busiest({ sidecars }: Stage, deployed: Deployed): Promise<Pod> {
  const pods = deployed.pods();
  const counts = await Promise.all(pods.map(({ metadata }) => sidecars.inFlight(metadata.name)));
  return pods[counts.indexOf(Math.max(...counts))]!;
}

function fallSick(wish: Wish, requests: number): Play {
  return {
    wish,
    requests,
    loads: [...LOADS, POSTS],
    async act(deployed, run) {
      const sick = await busiest(stage, deployed);
      const { name } = sick.metadata;
      const before = identityOf(sick);
      await sicken(stage, name);
      const asked = ({ event, hook }: Readonly<Record<string, unknown>>) =>
        wish.withoutHooks ? event === "lifeline_lost" : event === "hook_asked" && hook === "slot";
      await stage.sidecars.line(
        wish.name,
        "the kubelet stops the slot",
        (line, pod) => pod === name && asked(line),
      );
      await run.mark("liveness kill");
      const well = await stage.mirror.until("the app runs again", () =>
        deployed
          .pods()
          .find(
            (pod) => pod.metadata.name === name && statusOf(pod, "app")?.restartCount === 1 && isReady(pod),
          ),
      );
      await deployed.steady();
      const broken = [
        ...(identityOf(well) === before ? [] : [`it was ${before}, and is ${identityOf(well)}`]),
        ...(statusOf(well, "app-b")?.restartCount === 0 ? [] : ["the other slot was restarted, too"]),
      ];
      return { broken };
    },
  };
}

test("a liveness failure restarts one slot, and no request is lost", async () => {
  const wish: Wish = { name: "sick", dress: "two-slots", replicas: 2, tag: "v1" };
  const proof = await prove(
    stage,
    "liveness failure of one slot, Pods: 2",
    { ...fallSick(wish, sizes.requests), review: closedConnections },
    // The same without the slots' hook: the app gets SIGTERM in the middle of its work.
    fallSick({ ...wish, name: "sick-unhooked", withoutHooks: "slots" }, sizes.controlRequests),
  );
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
