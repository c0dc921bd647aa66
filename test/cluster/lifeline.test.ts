// A lifeline is lost and the container lives on: the shell in it starts its app again later. The kubelet sees nothing of that
// but sluice's readiness. The endpoint goes, what had come to the Pod is held, and both come back with the app.

import { afterAll, beforeAll, expect, test } from "vitest";
import { closedConnections } from "./harness/in-place.ts";
import { killProcess } from "./harness/kill.ts";
import { CONTROL_LOADS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { isReady, type Pod, statusOf } from "./harness/objects.ts";
import { type Play, prove } from "./harness/proof.ts";
import { restartedByShell } from "./harness/shell.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { type Deployed, openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
/** Longer than the kubelet takes to find the Pod not ready: two probes, 1 s apart. */
const AWAY_SECONDS = 6;
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("lifeline", process.env);
});
afterAll(() => stage.close());

async function endpointGone({ app }: Deployed, { status }: Pod): Promise<void> {
  await stage.mirror.until("the endpoint is gone", () =>
    stage.mirror.readyEndpoints(app).includes(status.podIP ?? "") ? undefined : true,
  );
}

function killUnderShell(wish: Wish, requests: number): Play {
  return {
    wish: { ...wish, appCommand: restartedByShell(AWAY_SECONDS) },
    requests,
    async act(deployed, run, { sidecars, api, path }) {
      const pod = deployed.pods()[0]!;
      const { name } = pod.metadata;
      await run.mark("SIGKILL under the shell");
      await killProcess(stage, name);
      await endpointGone(deployed, pod);
      if (wish.dress === "alone") {
        await deployed.steady();
        return undefined;
      }
      const line = ({ event }: Readonly<Record<string, unknown>>, from: string) =>
        event === "lifeline_lost" && from === name;
      const lost = await sidecars.line(wish.name, "the loss of the lifeline", line);
      const ready = await api.call("GET", `${path}/pods/${name}:9080/proxy/readyz`);
      await deployed.steady();
      const metrics = await api.text(`${path}/pods/${name}:9080/proxy/metrics`);
      const held = Number(/^sluice_held_requests_total (\d+)$/m.exec(metrics)?.[1]);
      const after = deployed.pods().find(({ metadata }) => metadata.name === name);
      return {
        died: [sidecars.generationOf(name, Number(lost.generation))],
        broken: [
          ...(ready.status === 503
            ? []
            : [`without an endpoint /readyz said ${ready.status}: ${ready.text.slice(0, 200)}`]),
          ...(held > 0 ? [] : [`${held} requests were held`]),
          ...(after && isReady(after) && statusOf(after, "app")?.restartCount === 0
            ? []
            : ["the container was restarted: this showed nothing"]),
        ],
        said: [`held ${held}`, "endpoint gone and back, no container restarted"],
      };
    },
    ...(wish.dress === "alone" ? {} : { review: closedConnections }),
  };
}

test("a lost lifeline takes the endpoint away and holds what had come, though the container lives on", async () => {
  const wish: Wish = { name: "bereft", dress: "native", replicas: 2, tag: "v1" };
  const proof = await prove(stage, "lifeline lost, Pods: 2", killUnderShell(wish, sizes.requests), {
    ...killUnderShell({ ...wish, name: "bereft-alone", dress: "alone" }, sizes.controlRequests),
    loads: CONTROL_LOADS,
  });
  console.log(proof.line);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
});
