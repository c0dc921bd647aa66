// What happens to Pods in the life of a release, done to the same app in several dresses: how many requests fail in each.

import { KILL_MIX } from "../../../loadtest/mix.ts";
import type { LoadOrder } from "../../../loadtest/station/run.ts";
import { killApp } from "./kill.ts";
import { longRequests } from "./loads.ts";
import type { Dress, Wish } from "./manifest.ts";
import { isReady, statusOf } from "./objects.ts";
import { type Play, play } from "./proof.ts";
import type { Stage } from "./stage.ts";

/** 140 requests a second. */
const LOADS: readonly LoadOrder[] = [
  { name: "kept", mix: KILL_MIX, connections: 16, rate: 90, keepAlive: true },
  { name: "fresh", mix: KILL_MIX, connections: 6, rate: 40, keepAlive: false },
  { name: "slow", mix: { ...KILL_MIX, thinkMs: [200, 900] }, connections: 8, rate: 10, keepAlive: true },
];
const LONG_MS = 15_000;
/** Some seconds of load after the event: what still fails then is its doing as well. */
const AFTER_REQUESTS = 700;

interface Scenario {
  readonly title: string;
  readonly replicas: number;
  readonly loads?: readonly LoadOrder[];
  readonly sharePids?: boolean;
  act(...given: Parameters<Play["act"]>): Promise<void>;
}

export interface Cell {
  /** Requests that failed for the client, whatever the reason. */
  readonly failed: number;
  readonly begun: number;
  /** POSTs that the app was executing when it was killed: nobody can save them. */
  readonly executing: number;
  /** Connections that kube-proxy refused, since the only Pod was unready. */
  readonly refused: number;
  readonly longestMs: number;
  /** Each request that is neither of the two, doubled or in dispute, with what is known of it. */
  readonly lost: readonly string[];
}

/** The Pod's containers run again after one of them was replaced or killed. */
async function isBack(stage: Stage, app: string, pod: string): Promise<void> {
  await stage.mirror.until(`${pod} is back`, () =>
    stage.mirror
      .pods(app)
      .find(
        (each) =>
          each.metadata.name === pod && (statusOf(each, "app")?.restartCount ?? 0) > 0 && isReady(each),
      ),
  );
}

const SIGKILL: Scenario["act"] = async (deployed, run, stage) => {
  const pod = deployed.pods()[0]!.metadata.name;
  await run.mark("SIGKILL");
  await killApp(stage, deployed, pod);
  await isBack(stage, deployed.app, pod);
};

const DELETION: Scenario["act"] = async (deployed, run) => {
  await run.mark("deletion");
  await deployed.deletePod(deployed.pods()[0]!.metadata.name);
  await deployed.steady();
};

export const SCENARIOS: readonly Scenario[] = [
  { title: "one of 2 Pods deleted", replicas: 2, act: DELETION },
  {
    title: "rolling update of 2",
    replicas: 2,
    async act(deployed, run) {
      await run.mark("rolling update");
      await deployed.roll("v2");
      await deployed.steady();
    },
  },
  {
    title: "only Pod deleted, 15 s requests",
    replicas: 1,
    loads: [...LOADS, longRequests(4, LONG_MS, LONG_MS)],
    async act(deployed, run, stage) {
      const stopped = run.stop("long");
      await DELETION(deployed, run, stage);
      await stopped;
    },
  },
  {
    title: "image changed in place, 1 Pod",
    replicas: 1,
    async act(deployed, run, stage) {
      const pod = deployed.pods()[0]!.metadata.name;
      await run.mark("image change");
      await deployed.patchImage(pod, "app", stage.images.app("v2"));
      await isBack(stage, deployed.app, pod);
    },
  },
  { title: "SIGKILL, 1 Pod", replicas: 1, sharePids: true, act: SIGKILL },
  { title: "SIGKILL, 2 Pods", replicas: 2, sharePids: true, act: SIGKILL },
];

/** Plays one scenario in one dress, once. */
export async function measure(stage: Stage, scenario: Scenario, dress: Dress, turn: number): Promise<Cell> {
  const name = `c${SCENARIOS.indexOf(scenario)}-${dress}-${turn}`;
  const { replicas, sharePids = false } = scenario;
  const wish: Wish = { name, dress, replicas, tag: "v1", sharePids };
  const { account, report } = await play(stage, {
    wish,
    requests: 0,
    loads: scenario.loads ?? LOADS,
    async act(deployed, run) {
      await run.goOn(200);
      const from = performance.now();
      const { at } = await run.mark("begin");
      await scenario.act(deployed, run, stage);
      const { begun } = await run.counts();
      await run.goOn(begun + AFTER_REQUESTS);
      const apart =
        replicas === 1
          ? [{ from: at, to: at + performance.now() - from, why: "refused: the only Pod is unready" }]
          : [];
      return dress === "native" && sharePids ? { died: deadOf(stage, wish), apart } : {};
    },
  });
  const { lost, excused, apart, begun } = account;
  return {
    failed: lost.length + excused.length + apart.length,
    begun,
    executing: excused.length,
    refused: apart.length,
    longestMs: Math.max(0, ...report.around.map(({ longestMs }) => longestMs)),
    lost: [
      ...[...lost, ...account.doubled].map(({ number, method, why }) => `${method} ${number}: ${why}`),
      ...account.disagreements,
    ],
  };
}

/** The generations whose lifeline a kill has ended. */
function deadOf({ sidecars }: Stage, { name }: Wish): number[] {
  return sidecars
    .lives(name)
    .flatMap(({ pod, lines }) =>
      lines
        .filter(({ event }) => event === "lifeline_lost")
        .map(({ generation }) => sidecars.generationOf(pod, Number(generation))),
    );
}

/** From the order to delete an idle Pod to its end, s. */
export async function measureStop(stage: Stage, dress: Dress): Promise<number> {
  const deployed = await stage.deploy({ name: `stop-${dress}`, dress, replicas: 1, tag: "v1" });
  const { name, uid } = deployed.pods()[0]!.metadata;
  const from = performance.now();
  await deployed.deletePod(name);
  await stage.mirror.until(`${name} is gone`, () =>
    stage.mirror.pods(deployed.app).some(({ metadata }) => metadata.uid === uid) ? undefined : true,
  );
  const seconds = (performance.now() - from) / 1000;
  await stage.discard(deployed);
  return seconds;
}
