// `npm run demo`: the whole main job of sluice in half a minute, with real processes. Exit code 0 if no request failed.

import { setTimeout as pause } from "node:timers/promises";
import type { Happening } from "../loadtest/timeline.ts";
import { settle } from "./account.ts";
import { type Load, startLoad } from "./load.ts";
import { type Pod, startPod } from "./pod.ts";
import { createScreen, type Screen } from "./screen.ts";

const WAIT_MS = 15_000;
/** How long each state of affairs is looked at, ms. */
const LOOK_MS = 2_500;
const LOAD_LINE_MS = 1_500;
/** kube-proxy's lag: so long new connections reach a Pod that has been deleted. */
const ENDPOINTS_LAG_MS = 1_200;

const INTRODUCTION = `sluice stands in front of an app, in the same Kubernetes Pod, and passes every request on to whichever
version of the app is ready. Here it runs without Kubernetes: sluice, an example app, and clients that send
GETs and POSTs all the time and never try again. The app is upgraded, killed and stopped meanwhile.`;

/** What is told of sluice's timeline: everything but what only machines want to know. */
const UNTOLD = new Set([
  "started",
  "probe_passed",
  "reachable",
  "unreachable",
  "generation_gone",
  "not_ready",
  "signal",
]);

async function play(screen: Screen): Promise<boolean> {
  screen.plain(INTRODUCTION);
  screen.act("1. The app starts", "sluice listens before the app exists; the app says when it can serve.");
  screen.deed("starts sluice");
  const pod = await startPod({
    onHappening: ({ type, message }) => {
      if (!UNTOLD.has(type)) screen.sluice(message);
    },
    onTrouble: (text) => screen.trouble(text.trim()),
  });
  let ticker: NodeJS.Timeout | undefined;
  try {
    screen.deed("starts version v1 of the app in slot a, as an ordinary process");
    const v1 = pod.startApp("a", "v1");
    await reported(pod, "switch", "v1");
    screen.deed("starts the clients");
    const load = startLoad(pod.address);
    ticker = setInterval(() => tellLoad(screen, load), LOAD_LINE_MS);
    await pause(LOOK_MS);

    screen.act(
      "2. Upgrade",
      "v2 starts beside v1. Once it is ready, every new request goes there; v1 finishes what it has.",
    );
    screen.deed("starts version v2 in slot b");
    const v2 = pod.startApp("b", "v2");
    await reported(pod, "standby", "v1");
    await pause(LOOK_MS);

    screen.act(
      "3. Crash",
      "v2 dies in the middle of its requests. They are sent again, to v1, where that is safe.",
    );
    screen.deed("kills v2: SIGKILL, no goodbye");
    let since = pod.timeline.happenings.length;
    v2.kill("SIGKILL");
    await v2.ended;
    await reported(pod, "switch", "v1", since);
    await pause(LOOK_MS);

    screen.act(
      "4. Crash of the only one",
      "v1 dies too, and nobody is left. Requests wait until it is back.",
    );
    screen.deed("kills v1: SIGKILL");
    since = pod.timeline.happenings.length;
    v1.kill("SIGKILL");
    await v1.ended;
    screen.deed("starts v1 again in slot a, as the kubelet would");
    pod.startApp("a", "v1");
    await reported(pod, "switch", "v1", since);
    screen.deed("starts v2 again in slot b: it has failed once, so it does not take over by itself");
    pod.startApp("b", "v2");
    await reported(pod, "standby", "v2", since);
    await pause(LOOK_MS);

    screen.act(
      "5. The Pod is deleted",
      "Kubernetes asks all containers to prepare (preStop hooks), and sends each SIGTERM when its hook was answered.",
    );
    screen.deed("calls all three hooks at once; clients go on, until they have learned of it");
    const stopped = pod.stop((who) => screen.deed(`sends SIGTERM to ${who}`));
    await pause(ENDPOINTS_LAG_MS);
    await load.stop();
    clearInterval(ticker);
    tellLoad(screen, load);
    screen.deed("the clients have left");
    const held = await pod.metric("sluice_held_requests_total");
    const replayed = await pod.metric("sluice_replays_total");
    await stopped;
    const { details } = await pod.timeline.wait(({ type }) => type === "exit", WAIT_MS);
    const figures = {
      accepted: Number(details.accepted),
      answered: Number(details.answered),
      held,
      replayed,
    };
    const exit = await pod.sluice.ended;
    screen.deed(`all containers have ended; sluice's exit code is ${exit}`);

    screen.act("The account", "");
    return settle(screen, load.counts, figures) && exit === 0;
  } finally {
    clearInterval(ticker);
    await pod.clear();
  }
}

function tellLoad(screen: Screen, { counts }: Load): void {
  const sent = (counts.gets + counts.posts).toLocaleString("en");
  const answers = [...counts.answeredBy]
    .sort()
    .map(([version, count]) => `${version} ${count.toLocaleString("en")}`);
  screen.load(
    `${sent} sent; answered by ${answers.join(", ")}; failed ${counts.failures.length}; longest wait of late ${Math.round(counts.slowest())} ms`,
  );
}

function reported(pod: Pod, type: string, version: string, since = 0): Promise<Happening> {
  return pod.timeline.wait((each) => each.type === type && each.version === version, WAIT_MS, since);
}

const screen = createScreen(process.stdout, process.env);
try {
  const good = await play(screen);
  screen.verdict(good ? "No request was lost." : "Something went wrong: see above.", good);
  process.exitCode = good ? 0 : 1;
} catch (error) {
  screen.trouble(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
