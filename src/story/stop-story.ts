// The story of a Pod's stop: lame duck, drain, last call, cut, against the one deadline, and the hooks that wait meanwhile.

import type { TimelineEvent } from "../api/backend.ts";
import { eventsOf } from "./events-of.ts";
import { inOrder, type Phase, type Story } from "./story.ts";
import type { Sources } from "./switch-story.ts";
import { trafficAround } from "./traffic.ts";

/** Hooks of one stop come within this time of each other, ms. */
const TOGETHER_MS = 2_000;

/** `leaving`: an event of type pod_leaving. */
export function stopStory(leaving: TimelineEvent, sources: Sources): Story {
  const { samples, now } = sources;
  const events = eventsOf(sources.events);
  const { id, monotonicMs: at } = leaving;
  const resumed = events.first("pod_serving_again", {}, id);
  const isOwn = (event: TimelineEvent | undefined) =>
    event && (!resumed || event.id < resumed.id) ? event : undefined;
  const drained = isOwn(events.first("pod_drained", {}, id));
  const lastCall = isOwn(events.first("last_call", {}, id));
  const deadline = isOwn(events.first("pod_deadline", {}, id));
  const exit = isOwn(events.first("exit", {}, id));
  const lameDuck = events.first("lame_duck", {}, id);
  const delayMs = Number(lameDuck?.details.delayMs ?? 0);
  const graceMs = Number(leaving.details.deadlineMs ?? 0);
  const end = drained?.monotonicMs ?? exit?.monotonicMs;

  const phases: Phase[] = [];
  const add = (kind: Phase["kind"], name: string, from: number, until: number | undefined, about: string) =>
    phases.push({ kind, name, from, until, about });

  const calm = Math.min(at + delayMs, end ?? Number.POSITIVE_INFINITY);
  const hasCalmed = end !== undefined || now >= calm;
  add(
    "lame-duck",
    "lame duck",
    at,
    hasCalmed ? calm : undefined,
    "serves everything, tells every client to go elsewhere",
  );
  const drainEnd = lastCall?.monotonicMs ?? deadline?.monotonicMs ?? end;
  if (hasCalmed && (drainEnd === undefined || drainEnd > calm))
    add("drain", "drain", calm, drainEnd, drainedWords(drained, lastCall, deadline));
  if (lastCall)
    add(
      "last-call",
      "last call",
      lastCall.monotonicMs,
      deadline?.monotonicMs ?? end,
      "new requests are refused, those in flight end",
    );
  if (deadline) add("cut", "cut", deadline.monotonicMs, end, `${drained?.details.cut ?? "what is left"} cut`);
  for (const asked of events.all) {
    if (asked.type !== "hook_asked" || asked.slot === undefined) continue;
    if (asked.monotonicMs < at - TOGETHER_MS || (exit && asked.id > exit.id)) continue;
    if (resumed && asked.id > resumed.id) continue;
    const answered = events.first("hook_answered", { slot: asked.slot }, asked.id);
    if (answered && answered.id < id) continue;
    add(
      "hook",
      `hook ${asked.slot}`,
      asked.monotonicMs,
      answered?.monotonicMs,
      String(answered?.details.outcome ?? "waits"),
    );
    const lost = answered && events.first("lifeline_lost", { slot: asked.slot }, answered.id);
    if (answered && lost)
      add("stop", `stop ${asked.slot}`, answered.monotonicMs, lost.monotonicMs, lost.message);
  }
  if (drained)
    add("exit", "exit", drained.monotonicMs, exit?.monotonicMs, exit?.message ?? "waits for SIGTERM");

  const from = Math.min(...phases.map((phase) => phase.from));
  const cause = String(leaving.details.cause ?? "hook");
  return {
    kind: "stop",
    id,
    title: titleOf(resumed, drained ?? exit),
    why: cause === "hook" ? "the Pod's hook was called" : `${cause} came`,
    time: leaving.time,
    from,
    until: resumed?.monotonicMs ?? exit?.monotonicMs ?? drained?.monotonicMs,
    phases: inOrder(phases),
    deadline: graceMs > 0 ? at + graceMs : undefined,
    before: undefined,
    after: undefined,
    traffic: trafficAround(samples, at, end, now),
    events: sources.events.filter(
      (event) =>
        event.monotonicMs >= from && event.id <= (resumed?.id ?? exit?.id ?? Number.POSITIVE_INFINITY),
    ),
  };
}

function titleOf(resumed: TimelineEvent | undefined, end: TimelineEvent | undefined): string {
  if (resumed) return "The Pod began to stop, and serves again";
  return end ? "The Pod stopped" : "The Pod is stopping";
}

function drainedWords(
  drained: TimelineEvent | undefined,
  lastCall: TimelineEvent | undefined,
  deadline: TimelineEvent | undefined,
): string {
  if (lastCall) return "the deadline came near";
  if (deadline) return "the deadline came";
  return drained ? "nothing is in flight any more" : "waits for what is in flight";
}
