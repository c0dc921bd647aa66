// The upgrade of a workload: Pod after Pod, or a share at a time, until each has the image, one goes bad, or somebody says stop.

import type { ApiClient } from "../cluster/api-client.ts";
import { isReady } from "../cluster/objects.ts";
import type { PodWatch } from "../cluster/pod-watch.ts";
import { type Decision, decide, type Goal, lastUpgrade } from "../upgrade/plan.ts";
import { isHalfWay } from "../upgrade/record.ts";
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
  const surveyed = await survey(client, makeApi, pods);
  const undoOf = lastUpgrade(surveyed.flatMap(({ record }) => (record ? [record] : [])));
  return surveyed
    .map((one): Decided => {
      const view = viewOf(one);
      const decision: Decision = view
        ? decide(view, { ...goal, undoOf }, Date.now())
        : { do: "refuse", why: one.problem ?? "it cannot be asked" };
      return { surveyed: one, name: one.pod.metadata.name, decision };
    })
    .sort((a, b) => Number(isHalfWay(b.surveyed.record)) - Number(isHalfWay(a.surveyed.record)));
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
    if (waiting.length === 0) return summary(undefined, []);
    const { left, stopped } = await runRound(rollout, decided, results);
    if (stopped) return summary(stopped, left);
    if (round === MOST_ROUNDS) return summary(undefined, left);
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

async function runRound(
  rollout: Rollout,
  decided: readonly Decided[],
  results: PodResult[],
): Promise<{ readonly left: readonly string[]; readonly stopped: RolloutResult["stopped"] }> {
  const queue = decided.filter(({ decision }) => decision.do === "upgrade");
  const width = rollout.share(decided.length);
  const calledOff = new AbortController();
  let begun = 0;

  const mayBegin = () => {
    const { interrupted, paused, onlyFirst } = rollout;
    const isStopped = calledOff.signal.aborted || interrupted.aborted || paused.aborted;
    return !isStopped && !(onlyFirst && begun >= width);
  };

  async function worker(): Promise<void> {
    while (mayBegin()) {
      const next = queue.shift();
      if (!next) return;
      begun++;
      const result = await runPod(rollout, next, calledOff.signal);
      results.push(result);
      if (isBad(next, result))
        calledOff.abort(`pod ${result.pod} was not upgraded: ${result.reason ?? result.outcome}`);
    }
  }
  await Promise.all(Array.from({ length: width }, worker));

  const left = queue.map(({ name }) => name);
  if (calledOff.signal.aborted) return { left, stopped: "bad" };
  if (rollout.interrupted.aborted) return { left, stopped: "interrupted" };
  if (rollout.paused.aborted || (rollout.onlyFirst && left.length > 0)) return { left, stopped: "paused" };
  return { left, stopped: undefined };
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
      calledOff,
      dropped,
      say: (tone, text) => rollout.say(name, tone, text),
    });
  } catch (error) {
    if (dropped.aborted || watch.pod(name)?.metadata.uid === uid) throw error;
    rollout.say(name, "bad", "the Pod was deleted before anything was changed");
    return {
      pod: name,
      outcome: "gone",
      reason: "deleted",
      tookMs: 0,
      switchedAfterMs: undefined,
      cost: undefined,
      timeline: [],
    };
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
