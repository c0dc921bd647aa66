// Scenario j: WebSockets and event streams end cleanly when their Pod or their slot stops, and live on across an upgrade.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Report } from "../../loadtest/station/run.ts";
import type { LoadRun } from "./harness/load-run.ts";
import { CONTROL_LOADS } from "./harness/loads.ts";
import type { Wish } from "./harness/manifest.ts";
import { type Play, type Proof, prove } from "./harness/proof.ts";
import { sizesFrom } from "./harness/sizes.ts";
import { openStage, type Stage } from "./harness/stage.ts";

const sizes = sizesFrom(process.env);
const OF_EACH = 4;
const ALL = 2 * OF_EACH;
/** Every 50 ms, by client or app; half of that allows for a busy machine. */
const LEAST_PER_SECOND = 10;
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("streams", process.env);
});
afterAll(() => stage.close());

async function openStreams(run: LoadRun): Promise<void> {
  for (let index = 0; index < OF_EACH; index++) {
    await run.stream("websocket");
    await run.stream("event-stream");
  }
  await run.goOn(({ streams }) => streams === ALL);
}

/** A sentence for each stream that ended otherwise than in order, or stood still before. */
function spoilt({ streams }: Report): string[] {
  return [
    ...(streams.length === ALL ? [] : [`${streams.length} of ${ALL} streams have ended`]),
    ...streams.filter(({ clean }) => !clean).map(({ kind, end }) => `a ${kind} ended otherwise: ${end}`),
    ...streams
      .map((stream) => ({ ...stream, seconds: (stream.endedAt - stream.openedAt) / 1_000 }))
      .filter(({ messages, seconds }) => messages < seconds * LEAST_PER_SECOND)
      .map(({ kind, messages, seconds }) => `a ${kind} got ${messages} messages in ${seconds.toFixed(1)} s`),
  ];
}

async function tellEnds(run: LoadRun): Promise<string> {
  const ends = (await run.streamResults()).map(({ kind, end }) => `${kind}: ${end}`);
  return [...new Set(ends)].map((end) => `${ends.filter((each) => each === end).length} x ${end}`).join(", ");
}

function expectProven(proof: Proof): void {
  const cut = proof.control?.report.streams.filter(({ clean }) => !clean).length ?? 0;
  console.log(`${proof.line}, ${cut} of ${ALL} streams cut`);
  expect(proof.reasons).toEqual([]);
  expect(proof.verdict).toBe("proven");
  // Lost requests alone would not show that this control sees what becomes of a stream.
  expect(cut).toBeGreaterThan(0);
}

function stopPods(wish: Wish, requests: number): Play {
  return {
    wish,
    requests,
    loads: CONTROL_LOADS,
    async act(deployed, run) {
      await openStreams(run);
      for (const { metadata } of deployed.pods()) {
        await run.mark("deletion");
        await deployed.deletePod(metadata.name);
        await deployed.steady();
      }
      await run.goOn(({ streams }) => streams === 0);
      return { said: [await tellEnds(run)] };
    },
    review: spoilt,
  };
}

test.each<[string, string, readonly string[]]>([
  ["the default delay", "stopped", []],
  // Every client is told to leave within 2 s, however slowly kube-proxy follows.
  ["a delay of 2 s", "stopped-soon", ["--drain-delay=2s"]],
])(
  "WebSockets and event streams end cleanly when their Pods are deleted, with %s",
  async (delay, name, flags) => {
    const wish: Wish = { name, dress: "native", replicas: 2, tag: "v1", flags };
    const proof = await prove(
      stage,
      `streams at Pod stops, ${delay}`,
      stopPods(wish, sizes.requests),
      stopPods({ name: `${name}-alone`, dress: "alone", replicas: 2, tag: "v1" }, sizes.controlRequests),
    );
    expectProven(proof);
  },
);

function upgrade(requests: number): Play {
  return {
    wish: { name: "upgraded", dress: "two-slots", replicas: 1, tag: "v1" },
    requests,
    loads: CONTROL_LOADS,
    async act(deployed, run, { images }) {
      const pod = deployed.pods()[0]!.metadata.name;
      await openStreams(run);
      await run.mark("upgrade to v2 in the other slot");
      await deployed.patchImage(pod, "app-b", images.app("v2"));
      const { begun } = await run.goOn(({ versions }) => versions.length === 1 && versions[0] === "v2");
      const { streams } = await run.goOn(begun + 500);
      await run.mark("the old slot is emptied");
      await deployed.patchImage(pod, "app", images.placeholder);
      await run.goOn((counts) => counts.streams === 0);
      return {
        broken: streams === ALL ? [] : [`${ALL - streams} streams did not live on`],
        said: [`${streams} of ${ALL} live on after the switch`, await tellEnds(run)],
      };
    },
    review: spoilt,
  };
}

test("WebSockets and event streams live on across an upgrade in two slots, and end cleanly with the old slot", async () => {
  const alone: Play = {
    wish: { name: "upgraded-alone", dress: "alone", replicas: 1, tag: "v1" },
    requests: sizes.controlRequests,
    loads: CONTROL_LOADS,
    async act(deployed, run, { images }) {
      await openStreams(run);
      await run.mark("image change");
      await deployed.patchImage(deployed.pods()[0]!.metadata.name, "app", images.app("v2"));
      await run.goOn(({ versions }) => versions.includes("v2"));
      return undefined;
    },
    review: spoilt,
  };
  const proof = await prove(stage, "streams at an in-Pod upgrade", upgrade(sizes.requests), alone);
  expectProven(proof);
});
