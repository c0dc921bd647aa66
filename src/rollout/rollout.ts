// The upgrade of a workload: Pod after Pod, or a share at a time, until each has the image, one goes bad, or somebody says stop.

import type { ApiClient } from "../cluster/api-client.ts";
import { isReady, type Pod } from "../cluster/objects.ts";
import type { PodWatch } from "../cluster/pod-watch.ts";
import { type Decision, decide, type Goal, lastUpgrade } from "../upgrade/plan.ts";
import { isHalfWay, parseRecord, RECORD_ANNOTATION } from "../upgrade/record.ts";
import type { Limits } from "../upgrade/state.ts";
import { conduct, type PodResult, type Tone } from "./conduct.ts";
import { type MakeApi, sidecarOf } from "./sidecar-road.ts";
import { type Surveyed, survey, viewOf } from "./survey.ts";

export interface Decided {
  readonly surveyed: Surveyed;
  readonly name: string;
  readonly decision: Decision;
}

export interface Rollout {
  readonly client: ApiClient;
  readonly makeApi: MakeApi;
  readonly watch: PodWatch;
  readonly namespace: string;
  readonly goal: Omit<Goal, "undoOf">;
  readonly limits: Limits;
  /** How many at a time, of so many. */
  readonly share: (pods: number) => number;
  /** End after the first share. */
  readonly onlyFirst: boolean;
  readonly by: string;
  readonly say: (pod: string | undefined, tone: Tone, text: string) => void;
  /** No further Pod is begun; the one in hand is finished, well or badly. */
  readonly interrupted: AbortSignal;
  /** Somebody asked to pause: the Pods in hand are finished. */
  readonly paused: AbortSignal;
  readonly dropped: AbortSignal;
}

export interface RolloutResult {
  readonly results: readonly PodResult[];
  readonly unchanged: readonly { readonly pod: string; readonly why: string }[];
  /** Pods that nobody has touched, though they should have been. */
  readonly left: readonly string[];
  readonly stopped: "bad" | "paused" | "interrupted" | "refused" | undefined;
  readonly refusals: readonly string[];
}

/** Rounds, for Pods that come while others are upgraded (one was deleted, somebody scaled up). */
const MOST_ROUNDS = 5;

/** What would be done with each Pod, those that are half way first. */
export async function decideAll({
  client,
  makeApi,
  watch,
  goal,
}: Pick<Rollout, "client" | "makeApi" | "watch" | "goal">): Promise<readonly Decided[]> {
  const pods = watch
    .pods()
    .filter(
      ({ metadata, status }) =>
        !metadata.deletionTimestamp && status?.phase !== "Failed" && status?.phase !== "Succeeded",
    );
  const decided = await decideOn({ client, makeApi, watch, goal }, pods);
  return decided.toSorted(
    (a, b) => Number(isHalfWay(b.surveyed.record)) - Number(isHalfWay(a.surveyed.record)),
  );
}

async function decideOn(
  { client, makeApi, watch, goal }: Pick<Rollout, "client" | "makeApi" | "watch" | "goal">,
  pods: readonly Pod[],
): Promise<readonly Decided[]> {
  const surveyed = await survey(client, makeApi, pods);
  const undoOf = lastUpgrade(
    watch.pods().flatMap((pod) => parseRecord(pod.metadata.annotations?.[RECORD_ANNOTATION]) ?? []),
  );
  return surveyed.map((one): Decided => {
    const view = viewOf(one);
    const decision: Decision = view
      ? decide(view, { ...goal, undoOf }, Date.now())
      : { do: "refuse", why: one.problem ?? "it cannot be asked" };
    return { surveyed: one, name: one.pod.metadata.name, decision };
  });
}

export async function rollOut(rollout: Rollout, first: readonly Decided[]): Promise<RolloutResult> {
  const results: PodResult[] = [];
  let decided = first;
  for (let round = 1; ; round++) {
    const refusals = decided.flatMap(({ name, decision }) =>
      decision.do === "refuse" ? [`pod/${name}: ${decision.why}`] : [],
    );
    const waiting = decided.flatMap(({ name, decision }) => (decision.do === "upgrade" ? [name] : []));
    if (refusals.length > 0) return summary("refused", waiting, refusals);
    if (waiting.length === 0 || round > MOST_ROUNDS) return summary(undefined, waiting);
    const { left, stopped, refusals: met } = await runRound(rollout, decided, results);
    if (stopped) return summary(stopped, left, met);
    await settle(rollout);
    decided = await decideAll(rollout);
  }

  function summary(
    stopped: RolloutResult["stopped"],
    left: readonly string[],
    refusals: readonly string[] = [],
  ): RolloutResult {
    const unchanged = first.flatMap(({ name, decision }) =>
      decision.do === "nothing" ? [{ pod: name, why: decision.why }] : [],
    );
    return { results, unchanged, left, stopped, refusals };
  }
}

interface Round {
  readonly left: readonly string[];
  readonly stopped: RolloutResult["stopped"];
  readonly refusals: readonly string[];
}

async function runRound(rollout: Rollout, decided: readonly Decided[], results: PodResult[]): Promise<Round> {
  const queue = decided.filter(({ decision }) => decision.do === "upgrade");
  const width = rollout.share(decided.length);
  const calledOff = new AbortController();
  const refusals: string[] = [];
  const broken: unknown[] = [];
  let begun = 0;

  const mayBegin = () => {
    const { interrupted, paused, onlyFirst } = rollout;
    const isStopped = calledOff.signal.aborted || interrupted.aborted || paused.aborted;
    return !isStopped && refusals.length + broken.length === 0 && !(onlyFirst && begun >= width);
  };

  async function worker(): Promise<void> {
    while (mayBegin()) {
      const next = queue.shift();
      if (!next) return;
      begun++;
      const now = await lookAgain(rollout, next);
      if (now === undefined) results.push(goneOf(rollout, next.name));
      else if (now.decision.do === "refuse") {
        refusals.push(`pod/${now.name}: ${now.decision.why}`);
        queue.unshift(now);
      } else if (now.decision.do === "upgrade") {
        const result = await runPod(rollout, now, calledOff.signal);
        results.push(result);
        if (isBad(now, result))
          calledOff.abort(`pod ${result.pod} was not upgraded: ${result.reason ?? result.outcome}`);
      }
    }
  }
  // What breaks one off leaves the others in good hands: no Pod is left half way because of another.
  await Promise.all(
    Array.from({ length: width }, () => worker().catch((error: unknown) => broken.push(error))),
  );
  if (broken.length > 0) throw broken[0];

  const left = queue.map(({ name }) => name);
  const stopped = () => {
    if (calledOff.signal.aborted) return "bad";
    if (refusals.length > 0) return "refused";
    if (rollout.interrupted.aborted) return "interrupted";
    return rollout.paused.aborted || (rollout.onlyFirst && left.length > 0) ? "paused" : undefined;
  };
  return { left, stopped: stopped(), refusals };
}

/** Its turn may come long after the round was decided: it is asked again. Undefined: it is gone. */
async function lookAgain(rollout: Rollout, { surveyed }: Decided): Promise<Decided | undefined> {
  const pod = stillThere(rollout, surveyed.pod);
  if (!pod) return undefined;
  const [now] = await decideOn(rollout, [pod]);
  return now?.decision.do === "refuse" && !stillThere(rollout, pod) ? undefined : now;
}

/** The same Pod as it is now; undefined once it is being deleted. */
function stillThere({ watch }: Rollout, { metadata: { name, uid } }: Pod): Pod | undefined {
  const pod = watch.pod(name);
  return pod?.metadata.uid === uid && !pod?.metadata.deletionTimestamp ? pod : undefined;
}

function goneOf(rollout: Rollout, pod: string): PodResult {
  rollout.say(pod, "bad", "the Pod was deleted before anything was changed");
  return {
    pod,
    outcome: "gone",
    reason: "deleted",
    tookMs: 0,
    switchedAfterMs: undefined,
    cost: undefined,
    timeline: [],
  };
}

/** A Pod that was to go back and is back went well; one that was deleted says nothing about the version. */
function isBad({ decision }: Decided, { outcome }: PodResult): boolean {
  if (outcome === "upgraded" || outcome === "gone") return false;
  return !(
    outcome === "put-back" &&
    decision.do === "upgrade" &&
    (decision.back || decision.phase === "putting-back")
  );
}

async function runPod(
  rollout: Rollout,
  { surveyed, name, decision }: Decided,
  calledOff: AbortSignal,
): Promise<PodResult> {
  const { client, makeApi, namespace, watch, limits, by, dropped } = rollout;
  if (decision.do !== "upgrade" || !surveyed.place) throw new Error(`pod ${name} is not to be upgraded`);
  const api = sidecarOf(client, makeApi, { namespace, pod: name, port: surveyed.place.controlPort });
  const { plan, phase, back } = decision;
  const uid = surveyed.pod.metadata.uid ?? "";
  try {
    return await conduct({
      client,
      watch,
      api,
      namespace,
      pod: name,
      uid,
      plan,
      phase,
      back,
      limits,
      by,
      starts: surveyed.record?.starts ?? [],
      bad: surveyed.record?.bad,
      calledOff,
      dropped,
      say: (tone, text) => rollout.say(name, tone, text),
    });
  } catch (error) {
    if (dropped.aborted || stillThere(rollout, surveyed.pod)) throw error;
    return goneOf(rollout, name);
  } finally {
    api.end();
  }
}

/** New Pods get the time of a start to become ready; whoever does not is refused by name in the next round. */
async function settle({ watch, limits, interrupted }: Rollout): Promise<void> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(limits.timeoutMs)]);
  const isSettled = () => watch.pods().every((pod) => !pod.metadata.deletionTimestamp && isReady(pod));
  await watch.until(() => (isSettled() ? true : undefined), signal).catch(() => {});
}
