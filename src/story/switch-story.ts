// The story of one switch: from the first sign of the new generation to the last request of the old one, and on until the old
// one is let go.

import type { FlowSample, TimelineEvent } from "../api/backend.ts";
import { type Events, eventsOf } from "./events-of.ts";
import {
  type Actor,
  inOrder,
  nameOf,
  type OutsideMark,
  type Phase,
  type PhaseKind,
  type Story,
} from "./story.ts";
import { trafficAround } from "./traffic.ts";

export interface Sources {
  readonly events: readonly TimelineEvent[];
  readonly samples: readonly FlowSample[];
  readonly outside: readonly OutsideMark[];
  /** The newest moment that is known of sluice. */
  readonly now: number;
}

/** What came this long before a switch has nothing to do with it, ms. */
const FAR_MS = 600_000;

/** `change`: an event of type switch. */
export function switchStory(change: TimelineEvent, sources: Sources): Story {
  const events = eventsOf(sources.events);
  const after: Actor = {
    slot: change.slot ?? "",
    generation: change.generation ?? 0,
    version: change.version,
  };
  const before = whoServedBefore(change, events);
  const arrival = arrivalOf(change, after, events);
  const phases = inOrder([
    ...(arrival
      ? arrivalPhases(arrival, change, after, events, sources)
      : departurePhases(change, before, events)),
    ...switchPhases(change, before, after, events),
  ]);
  const from = Math.min(change.monotonicMs, ...phases.map((phase) => phase.from));
  const felt = phases.filter(({ kind }) => kind !== "commit");
  const open = felt.some(({ until }) => until === undefined);
  const until = open ? undefined : Math.max(change.monotonicMs, ...felt.map((phase) => phase.until ?? 0));
  const firstEvent = sources.events.find(({ monotonicMs }) => monotonicMs >= from) ?? change;
  return {
    kind: before ? "switch" : "start",
    id: change.id,
    title: before ? `${nameOf(after)} took over from ${nameOf(before)}` : `${nameOf(after)} began to serve`,
    why: change.message.split(": ").slice(1).join(": "),
    time: firstEvent.time,
    from,
    until,
    phases,
    deadline: undefined,
    before,
    after,
    traffic: trafficAround(sources.samples, from, until, sources.now),
    events: sources.events.filter(
      ({ id, monotonicMs }) => id >= firstEvent.id && monotonicMs <= (until ?? sources.now),
    ),
  };
}

/** The generation that the switch names, else the one that served before nobody did. */
function whoServedBefore({ id, details, generation }: TimelineEvent, events: Events): Actor | undefined {
  const named = Number(details.fromGeneration);
  const earlier = events.last("switch", {}, id);
  const own = Number.isInteger(named) && named > 0 ? named : earlier?.generation;
  if (own === undefined || own === generation) return undefined;
  const known =
    events.last("handshake", { generation: own }, id) ?? events.last("switch", { generation: own }, id);
  const slot = known?.slot ?? (typeof details.fromSlot === "string" ? details.fromSlot : undefined);
  return slot === undefined ? undefined : { slot, generation: own, version: known?.version };
}

/** The handshake (or the first probe) of a generation that came for this; undefined if it had stood by. */
function arrivalOf(change: TimelineEvent, { generation }: Actor, events: Events): TimelineEvent | undefined {
  const arrival =
    events.last("handshake", { generation }, change.id) ??
    events.last("probe_passed", { generation }, change.id);
  if (!arrival || change.monotonicMs - arrival.monotonicMs > FAR_MS) return undefined;
  const stoodBy = events.last("standby", { generation }, change.id);
  const hadServed = events.last("switch", { generation }, change.id);
  return stoodBy || hadServed ? undefined : arrival;
}

function phase(kind: PhaseKind, name: string, from: number, until: number | undefined, about: string): Phase {
  return { kind, name, from, until, about };
}

/** From the order to the container until the new generation is ready. */
function arrivalPhases(
  arrival: TimelineEvent,
  change: TimelineEvent,
  { slot, generation }: Actor,
  events: Events,
  { outside }: Sources,
): Phase[] {
  const found: Phase[] = [];
  const at = arrival.monotonicMs;
  const earlier = events.last("handshake", { slot }, arrival.id);
  const asked = events.last("hook_asked", { slot }, arrival.id);
  // A hook that came before an earlier app of the slot was about that one's predecessor.
  const hook = asked && asked.id > (earlier?.id ?? 0) && at - asked.monotonicMs < FAR_MS ? asked : undefined;
  const answered = hook && events.first("hook_answered", { slot }, hook.id);
  const lost = events.last("lifeline_lost", { slot }, arrival.id);
  const end = lost && lost.id > Math.max(earlier?.id ?? 0, hook?.id ?? 0) ? lost : undefined;
  if (hook) {
    found.push(
      phase(
        "hook",
        `hook ${slot}`,
        hook.monotonicMs,
        answered?.monotonicMs ?? at,
        String(answered?.details.outcome ?? ""),
      ),
    );
    found.push(...drainPhases(slot, hook.id, answered?.id ?? arrival.id, events));
  }
  if (end && answered)
    found.push(phase("stop", `stop ${slot}`, answered.monotonicMs, end.monotonicMs, end.message));
  const free = end ?? answered;
  const own = outside.filter((mark) => mark.slot === slot && mark.at <= at && mark.at >= at - FAR_MS);
  const pulling = own.findLast(({ what }) => what === "pulling");
  const pulled = own.findLast(({ what }) => what === "pulled");
  const started = own.findLast(({ what }) => what === "started");
  if (pulling && pulled && pulled.at > pulling.at)
    found.push(phase("pull", "pull", pulling.at, pulled.at, pulled.message));
  const freed = free?.monotonicMs;
  const begun = pulled && pulled.at > (freed ?? 0) ? pulled.at : freed;
  // The kubelet's times are whole seconds.
  if (begun !== undefined && at > begun)
    found.push(
      phase(
        "start",
        "start",
        begun,
        at,
        started ? started.message : "the container starts, and the app in it",
      ),
    );
  const name = arrival.type === "handshake" ? "handshake" : "probe";
  found.push(phase(name, name, at, at, arrival.message));
  const passed = events.first("probe_passed", { generation }, arrival.id);
  const ready = events.last("ready", { generation }, change.id);
  const probed = passed && passed.id < change.id ? passed : undefined;
  if (probed && probed.id !== arrival.id)
    found.push(phase("probe", "probe", at, probed.monotonicMs, probed.message));
  const gate = events.last("gate_opened", { generation }, (ready ?? change).id);
  if (gate && gate.id > arrival.id) found.push(phase("gates", "gates", at, gate.monotonicMs, gate.message));
  const readyAt = ready?.monotonicMs ?? change.monotonicMs;
  found.push(
    phase(
      "switch",
      "switch",
      Math.min(readyAt, change.monotonicMs),
      change.monotonicMs,
      change.monotonicMs - readyAt > 100 ? "it was ready, and waited for an order" : "one assignment",
    ),
  );
  return found;
}

/** A generation that stood by: what took the traffic off the other one. */
function departurePhases(change: TimelineEvent, before: Actor | undefined, events: Events): Phase[] {
  const at = change.monotonicMs;
  const own = before && { generation: before.generation };
  const reasons = own
    ? (["lifeline_lost", "not_ready", "unreachable", "stopping", "drain_began"] as const).map((type) =>
        events.last(type, own, change.id),
      )
    : [];
  const near = reasons.filter((event) => event !== undefined && at - event.monotonicMs < 5_000);
  const first = Math.min(at, ...near.map((event) => event?.monotonicMs ?? at));
  return [phase("switch", "switch", first, at, near.at(0)?.message ?? "one assignment")];
}

function drainPhases(slot: string, after: number, before: number, events: Events): Phase[] {
  const began = events.first("drain_began", { slot }, after);
  if (!began || began.id > before) return [];
  const ended = events.first("drain_ended", { slot }, began.id);
  const inFlight = Number(began.details.inFlight ?? 0);
  return [phase("drain", `drain ${slot}`, began.monotonicMs, ended?.monotonicMs, `${inFlight} in flight`)];
}

/** What follows from the switch: the old one drains and is let go, those who were held go on. */
function switchPhases(
  change: TimelineEvent,
  before: Actor | undefined,
  after: Actor,
  events: Events,
): Phase[] {
  const found: Phase[] = [];
  const at = change.monotonicMs;
  const held = events.last("hold_began", {}, change.id);
  const earlier = events.last("switch", {}, change.id);
  if (held && held.id > (earlier?.id ?? 0)) {
    const ended = events.all.find(({ id, type }) => type === "hold_ended" && id > held.id);
    const about = ended?.message ?? "nobody had to wait";
    found.push(phase("hold", "hold", held.monotonicMs, Math.max(at, ended?.monotonicMs ?? at), about));
  }
  if (!before) return found;
  const { generation, slot } = before;
  const next = events.first("switch", {}, change.id);
  const began = events.first("drain_began", { generation }, Math.max(0, change.id - 1));
  const lost = events.first("lifeline_lost", { generation }, change.id);
  if (began && began.monotonicMs - at < 1_000) {
    const ended = events.first("drain_ended", { generation }, began.id) ?? lost;
    const about = `${Number(began.details.inFlight ?? 0)} in flight at the switch`;
    found.push(phase("drain", `drain ${slot}`, began.monotonicMs, ended?.monotonicMs, about));
  }
  const gone = [
    ...(slot === after.slot ? [] : [events.first("hook_asked", { slot }, change.id)]),
    lost,
    next,
  ].filter((event) => event !== undefined);
  const wasLost = events.last("lifeline_lost", { generation }, change.id);
  if (!wasLost && slot !== after.slot) {
    const first = gone.sort((one, other) => one.id - other.id)[0];
    const about = first
      ? first.type === "hook_asked"
        ? `${before.version ?? "the old app"} was let go`
        : first.message
      : `${before.version ?? "the old app"} stands by, kept for going back`;
    found.push(phase("commit", "commit", at, first?.monotonicMs, about));
  }
  return found;
}
