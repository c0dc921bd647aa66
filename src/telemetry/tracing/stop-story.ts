// Each stop as a trace: of the Pod (lame duck, drain, the hooks of its slots, exit), of one slot by its hook, of one slot by an
// order. A slot's hook that came just before the Pod's belongs to the Pod's stop.

import type { TimelineEvent } from "../../api/backend.ts";
import type { Attributes, Moment, Span } from "./span.ts";
import type { Story, StoryParts } from "./story.ts";

interface Stop {
  readonly traceId: string;
  readonly spanId: string;
  readonly from: number;
  readonly moments: Moment[];
}

interface PodStop extends Stop {
  readonly attributes: Attributes;
  lameDuckUntil: number | undefined;
  drainedAt: number | undefined;
}

interface SlotStop extends Stop {
  readonly slot: string;
}

interface Drain {
  readonly stop: Stop;
  readonly isOwn: boolean;
  readonly slot: string;
  readonly from: number;
  readonly begin: TimelineEvent;
}

export function createStopStory({ ids, tell, epoch }: StoryParts): Story {
  const hooks = new Map<string, SlotStop>();
  const drains = new Map<number, Drain>();
  let pod: PodStop | undefined;
  let podHookAt: number | undefined;

  const begin = (from: number): Stop => ({ traceId: ids.trace(), spanId: ids.span(), from, moments: [] });

  function span(stop: Stop, name: string, from: number, to: number, attributes: Attributes = {}): Span {
    return {
      traceId: stop.traceId,
      spanId: ids.span(),
      parentId: stop.spanId,
      name,
      kind: "internal",
      from: from + epoch(),
      to: Math.max(from, to) + epoch(),
      attributes,
    };
  }

  function root(stop: Stop, name: string, to: number, attributes: Attributes): Span {
    return {
      ...span(stop, name, stop.from, to, attributes),
      spanId: stop.spanId,
      parentId: undefined,
      moments: stop.moments,
    };
  }

  function note(stop: Stop | undefined, event: TimelineEvent): string | undefined {
    const at = event.monotonicMs + epoch();
    stop?.moments.push({ name: event.type, at, attributes: { "sluice.message": event.message } });
    return stop?.traceId;
  }

  function drainBegan(event: TimelineEvent): string | undefined {
    const { generation = 0, slot = "", monotonicMs: from, details } = event;
    if (details.cause === "switch") return undefined;
    const hook = hooks.get(slot);
    const stop = pod ?? hook ?? begin(from);
    drains.set(generation, { stop, isOwn: stop !== pod && stop !== hook, slot, from, begin: event });
    return stop.traceId;
  }

  function drainEnded(event: TimelineEvent, outcome: unknown): string | undefined {
    const { generation = 0, monotonicMs: to } = event;
    const drain = drains.get(generation);
    if (!drain) return undefined;
    drains.delete(generation);
    const attributes: Attributes = {
      "sluice.slot": drain.slot,
      "sluice.version": drain.begin.version,
      "sluice.generation": generation,
      "sluice.drain.cause": drain.begin.details.cause,
      "sluice.drain.outcome": String(outcome),
      "sluice.drain.in_flight_at_begin": drain.begin.details.inFlight,
      "sluice.drain.in_flight_at_end": event.details.inFlight,
    };
    const name = `drain slot ${drain.slot}`;
    if (drain.isOwn) tell([root(drain.stop, name, to, attributes)]);
    else tell([span(pod ?? drain.stop, name, drain.from, to, attributes)]);
    return drain.stop.traceId;
  }

  function hookAnswered(event: TimelineEvent): string | undefined {
    const { slot, monotonicMs: to, details } = event;
    if (slot === undefined) return note(pod, event);
    const stop = hooks.get(slot);
    hooks.delete(slot);
    if (!stop) return undefined;
    const attributes = { "sluice.slot": slot, "sluice.hook.outcome": details.outcome };
    if (pod)
      tell([{ ...span(pod, `hook of slot ${slot}`, stop.from, to, attributes), moments: stop.moments }]);
    else tell([root(stop, `stop of slot ${slot}`, to, attributes)]);
    return (pod ?? stop).traceId;
  }

  function podLeaves(event: TimelineEvent): string {
    const { deadlineMs, cause, inFlight } = event.details;
    pod = {
      ...begin(podHookAt ?? event.monotonicMs),
      attributes: {
        "sluice.stop.cause": cause,
        "sluice.stop.deadline_ms": deadlineMs,
        "sluice.stop.in_flight_at_begin": inFlight,
      },
      lameDuckUntil: undefined,
      drainedAt: undefined,
    };
    return pod.traceId;
  }

  function podDrained(event: TimelineEvent): string | undefined {
    if (!pod) return undefined;
    const { monotonicMs: at, details } = event;
    const lameDuckUntil = Math.min(pod.lameDuckUntil ?? pod.from, at);
    tell([
      span(pod, "lame duck", pod.from, lameDuckUntil),
      span(pod, "drain", pod.from, at, { "sluice.stop.cut": details.cut }),
    ]);
    pod.drainedAt = at;
    return pod.traceId;
  }

  function podEnds(event: TimelineEvent, outcome: string): string | undefined {
    if (!pod) return undefined;
    const stop = pod;
    pod = undefined;
    podHookAt = undefined;
    const { monotonicMs: at } = event;
    const attributes = { ...stop.attributes, "sluice.stop.outcome": outcome };
    if (stop.drainedAt !== undefined) tell([span(stop, "exit", stop.drainedAt, at)]);
    tell([
      {
        ...root(stop, "stop of the Pod", at, attributes),
        failure: event.details.code === 70 ? "requests were cut at the deadline" : undefined,
      },
    ]);
    return stop.traceId;
  }

  return (event) => {
    const { slot, generation = 0, monotonicMs: at } = event;
    switch (event.type) {
      case "hook_asked": {
        if (slot === undefined) {
          podHookAt ??= at;
          return note(pod, event);
        }
        const known = hooks.get(slot);
        if (known) return note(known, event);
        const stop = { ...begin(at), slot };
        hooks.set(slot, stop);
        return (pod ?? stop).traceId;
      }
      case "hook_answered":
        return hookAnswered(event);
      case "drain_began":
        return drainBegan(event);
      case "drain_deadline":
        return note(drains.get(generation)?.stop, event);
      case "drain_ended":
        return drainEnded(event, event.details.outcome ?? "drained");
      case "generation_gone":
        return drainEnded(event, "gone");
      case "pod_leaving":
        return podLeaves(event);
      case "lame_duck":
        if (pod) pod.lameDuckUntil = at + Number(event.details.delayMs ?? 0);
        return pod?.traceId;
      case "signal":
      case "stopping":
      case "pod_alone":
      case "last_call":
      case "pod_deadline":
        return note(pod, event);
      case "pod_drained":
        return podDrained(event);
      case "pod_serving_again":
        return podEnds(event, "serving again");
      case "exit":
        return podEnds(event, `exit ${event.details.code}`);
      default:
        return undefined;
    }
  };
}
