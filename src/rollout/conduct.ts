// Carries out the upgrade of one Pod: facts in, step, orders out, one after the other. The only file that turns orders into deeds.

import type { Status, TimelineEvent } from "../api/backend.ts";
import type { ApiClient } from "../cluster/api-client.ts";
import { isConflict, NotAllowed } from "../cluster/failure.ts";
import type { PodWatch } from "../cluster/pod-watch.ts";
import { followSidecar, lastEvent, readStatus, type SidecarApi } from "../cluster/sidecar-link.ts";
import { podsOf } from "../cluster/workload.ts";
import { recent, type Start } from "../upgrade/back-off.ts";
import {
  type Bad,
  formatRecord,
  type Phase,
  RECORD_ANNOTATION,
  type UpgradePlan,
  type UpgradeRecord,
} from "../upgrade/record.ts";
import {
  initialState,
  type Limits,
  type Order,
  type Outcome,
  type UpgradeEvent,
  type UpgradeState,
} from "../upgrade/state.ts";
import { dueAt, isLoaded, step } from "../upgrade/step.ts";
import { type Cost, costBetween } from "../upgrade/tally.ts";
import { factsOfPod, factsOfSidecar } from "./pod-facts.ts";

export type Tone = "plain" | "good" | "bad";

/** The API server has tried several times itself before it reports a conflict. */
const MOST_WRITES = 5;

/** Events of the slot in hand that people want to see as they happen. */
const PROGRESS: Readonly<Record<string, Tone>> = {
  handshake: "plain",
  handshake_refused: "bad",
  lifeline_lost: "bad",
  probe_failed: "bad",
  ready: "good",
  not_ready: "bad",
};

export interface Conducting {
  readonly client: ApiClient;
  readonly watch: PodWatch;
  readonly api: SidecarApi;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly plan: UpgradePlan;
  readonly phase: Phase;
  /** What was found bad before, where the phase is putting back. */
  readonly bad: Bad | undefined;
  /** The first thing is to call it off. */
  readonly back: boolean;
  readonly limits: Limits;
  readonly by: string;
  /** What was put where in this Pod before. */
  readonly starts: readonly Start[];
  readonly say: (tone: Tone, text: string) => void;
  /** Put back what is not committed, at once. */
  readonly calledOff: AbortSignal;
  /** Leave everything as it is: the Lease was lost, or somebody interrupted twice. */
  readonly dropped: AbortSignal;
}

export interface PodResult {
  readonly pod: string;
  readonly outcome: Outcome;
  readonly reason: string | undefined;
  readonly tookMs: number;
  /** From the order to the switch. */
  readonly switchedAfterMs: number | undefined;
  readonly cost: Cost | undefined;
  readonly timeline: readonly TimelineEvent[];
}

/** Rejects with the reason of `dropped`, or with what makes it impossible to begin. */
export async function conduct(parts: Conducting): Promise<PodResult> {
  const { client, watch, api, namespace, pod, plan, say } = parts;
  const began = performance.now();
  const now = () => performance.now();
  const before = await readStatus(api);
  const since = await lastEvent(api);
  const timeline: TimelineEvent[] = [];
  const finished = Promise.withResolvers<void>();
  const queue: UpgradeEvent[] = [];
  let state: UpgradeState = initialState(plan, parts.limits, parts.phase, now(), parts.bad);
  let busy = false;
  let timer: NodeJS.Timeout | undefined;
  let switchedAfterMs: number | undefined;
  let last: Status = before;
  let told = "";
  let starts = parts.starts;
  let version: string | undefined;

  function enqueue(event: UpgradeEvent): void {
    queue.push(event);
    if (!busy) void work().catch(finished.reject);
  }

  async function work(): Promise<void> {
    busy = true;
    for (let event = queue.shift(); event && !parts.dropped.aborted; event = queue.shift()) {
      const stepped = step(state, event);
      state = stepped.state;
      if (state.phase === "window" && switchedAfterMs === undefined && parts.phase === "loading") {
        switchedAfterMs = now() - began;
      }
      tellProgress();
      for (const order of stepped.orders) {
        const refusal = await carryOut(order);
        if (refusal !== undefined && (order.do === "patch" || order.do === "promote")) {
          queue.push({ at: now(), type: "refused", order: order.do, reason: refusal });
        }
      }
    }
    busy = false;
    clearTimeout(timer);
    if (state.outcome !== undefined) return finished.resolve();
    const due = dueAt(state);
    if (due !== undefined) {
      timer = setTimeout(() => enqueue({ at: now(), type: "tick" }), Math.max(5, due - now()));
    }
  }

  /** Resolves with why it could not be done; undefined: it was. */
  async function carryOut(order: Order): Promise<string | undefined> {
    if (parts.dropped.aborted) return undefined;
    if (order.do === "say") {
      say(order.tone, order.text);
      return undefined;
    }
    if (order.do === "ask") {
      link.ask();
      return undefined;
    }
    try {
      if (order.do === "promote")
        await api.call(`/v1/slots/${encodeURIComponent(order.slot)}/promote`, { method: "POST" });
      else await patchPod(order);
      return undefined;
    } catch (error) {
      // What is not allowed was not begun: that is for the caller, with its own exit code.
      if (error instanceof NotAllowed && state.phase === "loading" && !state.seen) throw error;
      const what =
        order.do === "promote" ? `slot ${order.slot} could not be promoted` : "the Pod could not be patched";
      return `${what}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async function patchPod({ images, phase, reason }: Extract<Order, { do: "patch" }>) {
    const at = new Date().toISOString();
    const added = Object.entries(images).map(([container, image]): Start => ({ container, image, at }));
    const kept = [...recent(starts, Date.now()), ...added];
    const progress = { phase, at, by: parts.by, reason, bad: state.bad, starts: kept };
    const record: UpgradeRecord = { ...plan, v: 1, ...progress };
    const containers = Object.entries(images).map(([name, image]) => ({ name, image }));
    const patch = {
      // The uid is a precondition: a StatefulSet's next Pod of the same name is another Pod.
      metadata: { uid: parts.uid, annotations: { [RECORD_ANNOTATION]: formatRecord(record) } },
      ...(containers.length > 0 ? { spec: { containers } } : {}),
    };
    await write(patch);
    starts = kept;
  }

  /** The kubelet and others write to the Pod too. A conflict with them changes nothing; one over the uid does not pass. */
  async function write(patch: unknown): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await client.patch(podsOf(namespace), pod, patch, "strategic-merge");
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === MOST_WRITES) throw error;
      }
    }
  }

  /** What the kubelet does, once each; what the app does comes from the sidecar's timeline. */
  function tellProgress(): void {
    if (state.phase !== "loading" || !state.seen) return;
    const waiting = state.pod?.containers[plan.target.container]?.waiting?.reason;
    const text = isLoaded(state)
      ? "its container runs; waiting for the app"
      : waiting
        ? `its container is coming (${waiting})`
        : "";
    if (text === "" || text === told) return;
    told = text;
    say("plain", `slot ${plan.target.slot}: ${text}`);
  }

  const lookAtPod = () => {
    const found = watch.pod(pod);
    const isSame = found?.metadata.uid === parts.uid;
    enqueue({ at: now(), type: "pod", facts: found && isSame ? factsOfPod(found) : undefined });
    // What the kubelet has seen the sidecar most often has seen before; where its stream hangs, this is how it shows.
    const { resourceVersion } = found?.metadata ?? {};
    if (resourceVersion !== version) link.ask();
    version = resourceVersion;
  };
  const link = followSidecar(api, since, {
    onStatus(status) {
      if (status) last = status;
      enqueue({ at: now(), type: "sidecar", facts: status && factsOfSidecar(status) });
    },
    onEvent(event) {
      timeline.push(event);
      const tone = PROGRESS[event.type];
      if (tone && event.slot === plan.target.slot) say(tone, `slot ${event.slot}: ${event.message}`);
    },
  });
  const onCallOff = () => enqueue({ at: now(), type: "call-off", reason: String(parts.calledOff.reason) });
  const onDrop = () => finished.reject(parts.dropped.reason);
  parts.calledOff.addEventListener("abort", onCallOff);
  parts.dropped.addEventListener("abort", onDrop);
  const stopLooking = watch.onChange(lookAtPod);

  try {
    parts.dropped.throwIfAborted();
    enqueue({ at: now(), type: "sidecar", facts: factsOfSidecar(before) });
    lookAtPod();
    if (parts.back) enqueue({ at: now(), type: "call-off", reason: "undone" });
    else enqueue({ at: now(), type: "begin" });
    if (parts.calledOff.aborted) onCallOff();
    await finished.promise;
    last = await readStatus(api).catch(() => last);
  } finally {
    clearTimeout(timer);
    stopLooking();
    link.close();
    parts.calledOff.removeEventListener("abort", onCallOff);
    parts.dropped.removeEventListener("abort", onDrop);
  }
  return {
    pod,
    outcome: state.outcome ?? "failed",
    reason: state.trouble,
    tookMs: now() - began,
    switchedAfterMs,
    cost: costBetween(before, last, timeline),
    timeline,
  };
}
