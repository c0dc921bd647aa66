// The stop of the whole Pod: lame duck, drain, answer; R2 to R6 and R8 of docs/stop.md.

import { hopelessFrom, lastCallAt, someoneMayServe, someoneServes } from "./prospects.ts";
import { answerSlotHook, recallSlotDrains, takeDrainBack } from "./slot-stop.ts";
import { EXPIRY_SLACK_MS, HOOK_WINDOW_MS, LAST_MOMENT_MS, type Pod, type State } from "./state.ts";
import { act, emit, patchSlot, setPod, type Turn } from "./turn.ts";

type Leaving = Extract<Pod, { phase: "leaving" }>;
type Drained = Extract<Pod, { phase: "drained" }>;

export function askPodHook(turn: Turn): void {
  const { pod } = turn.state;
  emit(turn, { type: "hook_asked", message: "The Pod's hook was called", details: { hook: "pod" } });
  if (pod.phase === "serving")
    leave(turn, { hooked: true, signal: undefined, delayMs: turn.state.settings.drainDelayMs });
  else if (pod.phase === "leaving") setPod(turn, { ...pod, hooked: true });
  else answerPodHook(turn, "already drained");
}

function answerPodHook(turn: Turn, outcome: string): void {
  act(turn, { do: "answer-pod-hook", outcome });
  emit(turn, {
    type: "hook_answered",
    message: `The Pod's hook was answered: ${outcome}`,
    details: { hook: "pod", outcome },
  });
}

interface Departure {
  readonly hooked: boolean;
  readonly signal: "SIGTERM" | "SIGINT" | undefined;
  readonly delayMs: number;
}

function leave(turn: Turn, { hooked, signal, delayMs }: Departure): void {
  const { graceMs, exitReserveMs } = turn.state.settings;
  const deadline = turn.at + graceMs - exitReserveMs;
  setPod(turn, {
    phase: "leaving",
    since: turn.at,
    lameDuckUntil: turn.at + delayMs,
    deadline,
    hooked,
    alone: false,
    judged: !hooked,
    signal,
    hopeless: false,
    lastCall: false,
    doorClosed: false,
    awaitingQuiet: false,
    cutting: false,
  });
  recallSlotDrains(turn);
  emit(turn, {
    type: "pod_leaving",
    message: `The Pod is leaving${signal ? ` (${signal})` : ""}; its drain ends within ${graceMs - exitReserveMs} ms`,
    details: { deadlineMs: graceMs - exitReserveMs, cause: signal ?? "hook" },
    countOf: "all",
  });
  emit(turn, {
    type: "lame_duck",
    message: `Lame duck for at least ${delayMs} ms: still serving, telling every client to go elsewhere`,
    details: { delayMs },
  });
  act(turn, { do: "wind-down", overMs: delayMs });
}

export function takeSignal(turn: Turn, signal: "SIGTERM" | "SIGINT"): void {
  const { pod, settings } = turn.state;
  emit(turn, { type: "signal", message: `${signal} came`, details: { signal } });
  if (pod.phase === "serving") {
    // A person at a terminal has no endpoints to wait for, and nobody can be served where nobody stands.
    const delayMs = signal === "SIGINT" || !someoneServes(turn.state) ? 0 : settings.drainDelayMs;
    leave(turn, { hooked: false, signal, delayMs });
  } else if (pod.phase === "leaving") hurry(turn, pod, signal);
  else if (pod.phase === "drained") {
    const exitBy =
      pod.exitBy !== undefined && signal === "SIGINT" ? turn.at : (pod.exitBy ?? turn.at + LAST_MOMENT_MS);
    if (pod.exitBy === undefined) act(turn, { do: "await-quiet" });
    setPod(turn, { ...pod, exitBy });
  }
}

function hurry(turn: Turn, pod: Leaving, signal: "SIGTERM" | "SIGINT"): void {
  const last: Pod = { ...pod, signal, lameDuckUntil: Math.min(pod.lameDuckUntil, turn.at) };
  // R5: the kubelet has given up waiting for the hook; some 2 s remain.
  if (pod.signal === undefined)
    setPod(turn, { ...last, deadline: Math.min(pod.deadline, turn.at + LAST_MOMENT_MS) });
  else if (signal === "SIGINT") setPod(turn, pod.signal === "SIGINT" ? { ...last, deadline: turn.at } : last);
  else return;
  act(turn, { do: "wind-down", overMs: 0 });
}

/** Nothing is in flight. */
export function takeQuiet(turn: Turn): void {
  const { pod } = turn.state;
  if (pod.phase === "drained" && pod.exitBy !== undefined) exit(turn, pod.cut);
  // While the rest is being cut, "cut" ends the drain, since it knows how many.
  if (pod.phase !== "leaving" || pod.cutting) return;
  if (turn.at >= pod.lameDuckUntil) concludeDrain(turn, pod, 0);
  else setPod(turn, { ...pod, awaitingQuiet: false });
}

/** What was left at the deadline has been ended. */
export function takeCut(turn: Turn, count: number): void {
  const { pod } = turn.state;
  if (pod.phase === "leaving") concludeDrain(turn, pod, count);
  else if (pod.phase === "drained") exit(turn, pod.cut + count);
}

function concludeDrain(turn: Turn, pod: Leaving, cut: number): void {
  emit(turn, {
    type: "pod_drained",
    message:
      cut === 0 ? "The Pod is drained: nothing was cut" : `The Pod is drained: ${cut} requests were cut`,
    details: { durationMs: Math.round(turn.at - pod.since), cut },
  });
  setPod(turn, {
    phase: "drained",
    since: turn.at,
    hooked: pod.hooked,
    cut,
    exitBy: undefined,
    cutting: false,
  });
  const outcome = cut === 0 ? "drained" : "deadline";
  for (const { name, hook } of turn.state.slots) {
    if (hook && hook.answeredAt === undefined) answerSlotHook(turn, name, outcome);
  }
  if (pod.hooked) answerPodHook(turn, outcome);
  if (pod.signal) exit(turn, cut);
}

function exit(turn: Turn, cut: number): void {
  const code = cut === 0 ? 0 : 70;
  setPod(turn, { phase: "exiting", code });
  act(turn, { do: "exit", code });
}

export function passPodDeadlines(turn: Turn): void {
  const { pod, settings } = turn.state;
  if (pod.phase === "leaving") {
    judge(turn, pod);
    if (turn.at >= pod.deadline && !pod.cutting) {
      emit(turn, {
        type: "pod_deadline",
        message: "The Pod's deadline has come: streams are ended in order, other unfinished answers are cut",
        countOf: "all",
      });
      setPod(turn, { ...(turn.state.pod as Leaving), cutting: true });
      act(turn, { do: "cut" });
    }
  } else if (pod.phase === "drained") {
    if (pod.exitBy !== undefined && turn.at >= pod.exitBy && !pod.cutting) {
      setPod(turn, { ...pod, cutting: true });
      act(turn, { do: "cut" });
    } else if (isExpired(pod, settings.graceMs, turn.at)) serveAgain(turn);
  }
}

/** R3: live slots, and none of their hooks came: sluice's own container alone is being replaced. */
function judge(turn: Turn, pod: Leaving): void {
  if (pod.judged || turn.at < pod.since + HOOK_WINDOW_MS) return;
  const { slots, settings } = turn.state;
  const isHooked = slots.some(({ hook }) => hook !== undefined && hook.answeredAt === undefined);
  const isAlone = !isHooked && someoneServes(turn.state) && pod.signal === undefined;
  if (!isAlone) {
    setPod(turn, { ...pod, judged: true });
    return;
  }
  const lameDuckUntil = Math.min(turn.at + settings.drainDelayMs, pod.deadline);
  setPod(turn, { ...pod, judged: true, alone: true, lameDuckUntil, awaitingQuiet: false });
  emit(turn, {
    type: "pod_alone",
    message: "No slot's hook came: sluice's own container alone is being replaced; not ready, then drain",
  });
}

/** R4: nobody ended the Pod after its hook was answered. */
function serveAgain(turn: Turn): void {
  setPod(turn, { phase: "serving" });
  for (const { name, generation } of turn.state.slots) {
    patchSlot(turn, name, { hook: undefined });
    if (generation?.drain?.cause === "hook") takeDrainBack(turn, generation, "its hook has expired");
  }
  emit(turn, {
    type: "pod_serving_again",
    message: "The Pod outlived its hook by the grace and serves again",
  });
  act(turn, { do: "wind-up" });
}

function isExpired(pod: Drained, graceMs: number, at: number): boolean {
  return pod.hooked && pod.exitBy === undefined && at >= pod.since + graceMs + EXPIRY_SLACK_MS;
}

/** After every event: whether held requests still have something to wait for (R2), and whether the drain can end. */
export function settlePod(turn: Turn): void {
  const isDeserted = !someoneMayServe(turn.state);
  const desertedSince = isDeserted ? (turn.state.desertedSince ?? turn.at) : undefined;
  turn.state = { ...turn.state, desertedSince };
  const { pod } = turn.state;
  if (pod.phase !== "leaving") return;
  const hopelessAt = hopelessFrom(turn.state, pod);
  const hopeless = hopelessAt !== undefined && turn.at >= hopelessAt;
  // Nobody can be served any more: no reason to keep the kubelet waiting.
  const lameDuckUntil = hopeless ? Math.min(pod.lameDuckUntil, turn.at) : pod.lameDuckUntil;
  const awaitingQuiet = pod.awaitingQuiet || turn.at >= lameDuckUntil;
  if (awaitingQuiet && !pod.awaitingQuiet) act(turn, { do: "await-quiet" });
  const lastCall = pod.lastCall || turn.at >= lastCallAt(pod);
  if (lastCall && !pod.lastCall) {
    emit(turn, {
      type: "last_call",
      message: "New requests are refused, so that those in flight can end",
      countOf: "all",
    });
  }
  // Without a hook nobody sends clients elsewhere but us: who still comes after the minimum delay would come for ever. (A stop
  // that a hook began may be taken back, and a listener that is closed stays closed.)
  const doorClosed = pod.doorClosed || (!pod.hooked && pod.signal !== undefined && turn.at >= lameDuckUntil);
  if (doorClosed && !pod.doorClosed) act(turn, { do: "close-door" });
  setPod(turn, { ...pod, hopeless, lameDuckUntil, awaitingQuiet, lastCall, doorClosed });
}

export function podMoments(state: State): readonly number[] {
  const { pod, settings } = state;
  if (pod.phase === "drained") {
    if (pod.cutting) return [];
    if (pod.exitBy !== undefined) return [pod.exitBy];
    return pod.hooked ? [pod.since + settings.graceMs + EXPIRY_SLACK_MS] : [];
  }
  if (pod.phase !== "leaving" || pod.cutting) return [];
  const moments = [pod.deadline];
  if (!pod.judged) moments.push(pod.since + HOOK_WINDOW_MS);
  if (!pod.awaitingQuiet) moments.push(pod.lameDuckUntil);
  if (!pod.lastCall) moments.push(lastCallAt(pod));
  const hopelessAt = pod.hopeless ? undefined : hopelessFrom(state, pod);
  if (hopelessAt !== undefined) moments.push(hopelessAt);
  return moments;
}
