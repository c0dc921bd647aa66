// The events of a sluice that can no longer be asked, read from its log: JSON lines, as `kubectl logs` or Loki hand them out.

import type { TimelineEvent } from "../api/backend.ts";
import type { Past } from "./timeline-source.ts";

/** One life of a sluice each, oldest first. Lines that are no events are passed over. */
export function livesOf(log: string): readonly Past[] {
  const lives: TimelineEvent[][] = [];
  let began = 0;
  for (const line of log.split("\n")) {
    const entry = entryOf(line);
    if (!entry) continue;
    const life = lives.at(-1);
    // Numbers begin anew with each sluice.
    if (!life || entry.eventId <= (life.at(-1)?.id ?? 0)) {
      began = Date.parse(entry.time);
      lives.push([]);
    }
    const own = lives.at(-1)!;
    // The log has the wall clock alone; where it was set back, it stands still.
    const at = Math.max(Date.parse(entry.time) - began, own.at(-1)?.monotonicMs ?? 0);
    own.push(eventOf(entry, at));
  }
  return lives.map((events) => ({ events, samples: [], now: events.at(-1)?.monotonicMs ?? 0 }));
}

interface Entry {
  readonly event: string;
  readonly eventId: number;
  readonly time: string;
  readonly [field: string]: unknown;
}

function entryOf(line: string): Entry | undefined {
  // `kubectl logs --prefix` and others put something before the object.
  const start = line.indexOf("{");
  if (start === -1) return undefined;
  try {
    const entry = JSON.parse(line.slice(start)) as Partial<Entry>;
    const isEvent =
      typeof entry.event === "string" &&
      typeof entry.eventId === "number" &&
      Number.isFinite(Date.parse(String(entry.time)));
    return isEvent ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

const OWN: ReadonlySet<string> = new Set([
  "level",
  "time",
  "event",
  "eventId",
  "slot",
  "generation",
  "version",
  "message",
]);

function eventOf(entry: Entry, monotonicMs: number): TimelineEvent {
  const details: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(entry)) {
    if (OWN.has(name)) continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      details[name.replace(/^details\./, "")] = value;
  }
  const { slot, generation, version, message } = entry;
  return {
    id: entry.eventId,
    time: entry.time,
    monotonicMs,
    type: entry.event,
    slot: typeof slot === "string" ? slot : undefined,
    generation: typeof generation === "number" ? generation : undefined,
    version: typeof version === "string" ? version : undefined,
    message: typeof message === "string" ? message : "",
    details,
  };
}
