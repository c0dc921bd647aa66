// Scenario e: the app is killed with SIGKILL in its container. Only POSTs that had reached it are lost.

import { afterAll, beforeAll, expect, test } from "vitest";
import { closedConnections, identityOf } from "./harness/in-place.ts";
import { killApp } from "./harness/kill.ts";
import { CONTROL_LOADS, LOADS, POSTS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { isReady, statusOf } from "./harness/objects.ts";
import { type Play, prove } from "./harness/proof.ts";
import { CHILD_OF_SHELL } from "./harness/shell.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { type Deployed, openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("kill", process.env);
});
afterAll(() => stage.close());

const PROXY_LAG_REQUESTS = 700;

async function restarted(deployed: Deployed, pod: string): Promise<void> {
  await stage.mirror.until(`${pod}: the app runs again`, () =>
    deployed
      .pods()
      .find(
        (each) => each.metadata.name === pod && statusOf(each, "app")?.restartCount === 1 && isReady(each),
      ),
  );
}

/** Each Pod's app once: the kubelet lets an app that dies again within ten minutes wait for 10 s and longer. */
function killEach(wish: Wish, requests: number): Play {
  return {
    wish,
    requests,
    // So many POSTs die with their only app that its sluice's log cannot tell all of them.
    ...(wish.replicas === 1 ? { loads: [...LOADS, POSTS] } : {}),
    async act(deployed, run, { sidecars }) {
      const before = deployed.pods().map(identityOf).sort();
      const died: number[] = [];
      const apart: { from: number; to: number; why: string }[] = [];
      for (const { metadata } of deployed.pods()) {
        const pod = metadata.name;
        const { at } = await run.mark(`SIGKILL in ${pod}`);
        await killApp(stage, deployed, pod);
        if (wish.dress !== "alone") {
          const lost = await sidecars.line(
            wish.name,
            `${pod}: the death of its app`,
            ({ event }, from) => event === "lifeline_lost" && from === pod,
          );
          died.push(sidecars.generationOf(pod, Number(lost.generation)));
        }
        await restarted(deployed, pod);
        await deployed.steady();
        // Some 2 s, for kube-proxy is up to 1 s behind.
        const { begun } = await run.counts();
        await run.goOn(begun + PROXY_LAG_REQUESTS);
        const { at: to } = await run.mark("serving again");
        // The kubelet calls the Pod unready until it has seen the restart, and kube-proxy refuses in its name.
        if (wish.replicas === 1) apart.push({ from: at, to, why: "no other Pod, and this one unready" });
      }
      const after = deployed.pods().map(identityOf).sort();
      const broken = after.join() === before.join() ? [] : [`they were ${before}, and are ${after}`];
      return { died, apart, broken };
    },
    review: closedConnections,
  };
}

test.each<[string, Pick<Wish, "name" | "replicas" | "sharePids" | "appCommand">]>([
  ["Pods: 2", { name: "killed-2", replicas: 2, sharePids: true }],
  ["Pods: 1", { name: "killed-1", replicas: 1, sharePids: true }],
  ["the child of a shell, Pods: 2", { name: "killed-child", replicas: 2, appCommand: CHILD_OF_SHELL }],
])("an app killed with SIGKILL costs only POSTs that had reached it, %s", async (what, how) => {
  const wish: Wish = { ...how, dress: "native", tag: "v1" };
  const proof = await prove(stage, `app killed, ${what}`, killEach(wish, sizes.requests), {
    ...killEach({ ...wish, name: `${wish.name}-alone`, dress: "alone" }, sizes.controlRequests),
    review: () => [],
    loads: CONTROL_LOADS,
  });
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
