// Each switch as a trace: from the handshake of the version that took over (or from the moment at which requests had to be held)
// to the switch, with what was waited for on the way, and the drain of the old version, however long it takes.

import type { TimelineEvent } from "../../api/backend.ts";
import type { Attributes, Span } from "./span.ts";
import type { Story, StoryParts } from "./story.ts";

/** A generation on its way to its first switch. */
interface Rise {
  readonly traceId: string;
  readonly spanId: string;
  readonly shookAt: number;
  probedAt: number | undefined;
  readyAt: number | undefined;
  /** It was put by for later: what follows is another story. */
  isStandby: boolean;
}

interface Fall {
  readonly traceId: string;
  readonly parentId: string;
  readonly slot: string;
  readonly version: string | undefined;
  readonly from: number;
  readonly inFlight: string | number | boolean | undefined;
}

/** A hold that ended just now ended for this switch, ms. */
const SAME_MOMENT_MS = 50;

export function createSwitchStory({ ids, tell, epoch }: StoryParts): Story {
  const rises = new Map<number, Rise>();
  const falls = new Map<number, Fall>();
  let holdFrom: number | undefined;
  let held: { readonly from: number; readonly to: number; readonly attributes: Attributes } | undefined;

  function rise(event: TimelineEvent): Rise {
    const { monotonicMs } = event;
    return {
      traceId: ids.trace(),
      spanId: ids.span(),
      shookAt: monotonicMs,
      probedAt: undefined,
      readyAt: undefined,
      isStandby: false,
    };
  }

  function switched(event: TimelineEvent): string {
    const { generation = 0, monotonicMs: at, details } = event;
    const hold = held && at - held.to <= SAME_MOMENT_MS ? held : undefined;
    const known = rises.get(generation);
    const isRise = known !== undefined && !known.isStandby;
    // Later switches of the same generation are stories of their own.
    rises.delete(generation);
    held = undefined;
    const story = isRise ? known : { ...rise(event), shookAt: hold?.from ?? at };
    const from = Math.min(story.shookAt, hold?.from ?? at);
    const child = (name: string, begin: number, end: number, attributes: Attributes = {}): Span => ({
      traceId: story.traceId,
      spanId: ids.span(),
      parentId: story.spanId,
      name,
      kind: "internal",
      from: begin + epoch(),
      to: end + epoch(),
      attributes,
    });
    const spans = [child("switch", at, at, attributesOf(event))];
    if (isRise) {
      const probedAt = story.probedAt ?? story.shookAt;
      const readyAt = Math.max(story.readyAt ?? at, probedAt);
      if (probedAt > story.shookAt) spans.push(child("probe", story.shookAt, probedAt));
      if (readyAt > probedAt) spans.push(child("gates", probedAt, readyAt));
      if (at > readyAt) spans.push(child("wait for the switch", readyAt, at));
    }
    if (hold) spans.push(child("hold", hold.from, hold.to, hold.attributes));
    tell([
      {
        ...child(`switch to slot ${event.slot}`, from, at, attributesOf(event)),
        spanId: story.spanId,
        parentId: undefined,
      },
      ...spans,
    ]);
    const fromGeneration = details.fromGeneration;
    if (typeof fromGeneration === "number") {
      falls.set(fromGeneration, {
        traceId: story.traceId,
        parentId: story.spanId,
        slot: String(details.fromSlot ?? ""),
        version: undefined,
        from: at,
        inFlight: undefined,
      });
    }
    return story.traceId;
  }

  function drained(event: TimelineEvent, outcome: string): string | undefined {
    const { generation = 0, monotonicMs: at } = event;
    const fall = falls.get(generation);
    if (!fall || fall.version === undefined) {
      falls.delete(generation);
      return undefined;
    }
    falls.delete(generation);
    tell([
      {
        traceId: fall.traceId,
        spanId: ids.span(),
        parentId: fall.parentId,
        name: `drain slot ${fall.slot}`,
        kind: "internal",
        from: fall.from + epoch(),
        to: at + epoch(),
        attributes: {
          "sluice.slot": fall.slot,
          "sluice.version": fall.version,
          "sluice.generation": generation,
          "sluice.drain.cause": "switch",
          "sluice.drain.outcome": outcome,
          "sluice.drain.in_flight_at_begin": fall.inFlight,
          "sluice.drain.in_flight_at_end": event.details.inFlight,
        },
      },
    ]);
    return fall.traceId;
  }

  function began(event: TimelineEvent): string | undefined {
    const fall = falls.get(event.generation ?? 0);
    if (!fall || event.details.cause !== "switch") return undefined;
    const { version = "", monotonicMs: from } = event;
    falls.set(event.generation ?? 0, { ...fall, version, from, inFlight: event.details.inFlight });
    return fall.traceId;
  }

  return (event) => {
    const { generation = 0, monotonicMs: at } = event;
    const known = rises.get(generation);
    switch (event.type) {
      case "handshake": {
        const begun = rise(event);
        rises.set(generation, begun);
        return begun.traceId;
      }
      case "probe_passed":
        if (known) known.probedAt ??= at;
        return known?.traceId;
      case "gate_opened":
      case "gate_closed":
        return known?.traceId;
      case "ready":
        if (known) known.readyAt = at;
        return known?.traceId;
      case "standby":
        if (known) known.isStandby = true;
        return known?.traceId;
      case "hold_began":
        holdFrom ??= at;
        return undefined;
      case "hold_ended":
        held = { from: holdFrom ?? at, to: at, attributes: { "sluice.held": event.details.held } };
        holdFrom = undefined;
        return undefined;
      case "switch":
        // Nobody was held: nothing was said about the hold's end.
        if (holdFrom !== undefined) held = { from: holdFrom, to: at, attributes: { "sluice.held": 0 } };
        holdFrom = undefined;
        return switched(event);
      case "drain_began":
        return began(event);
      case "drain_ended":
        return event.details.cause === "switch" ? drained(event, "drained") : undefined;
      case "generation_gone":
        rises.delete(generation);
        return drained(event, "gone");
      default:
        return undefined;
    }
  };
}

function attributesOf(event: TimelineEvent): Attributes {
  return {
    "sluice.slot": event.slot,
    "sluice.version": event.version,
    "sluice.generation": event.generation,
    "sluice.switch.cause": event.details.cause,
    "sluice.switch.from_slot": event.details.fromSlot,
    "sluice.switch.from_generation": event.details.fromGeneration,
    "sluice.event_id": event.id,
  };
}
