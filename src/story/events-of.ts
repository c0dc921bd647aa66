// Events looked up by what they are and whom they are about.

import type { TimelineEvent } from "../api/backend.ts";

export interface Events {
  readonly all: readonly TimelineEvent[];
  /** The first after `id` (exclusive) that is of the type and about whom it is asked. */
  first(type: string, about: About, after: number): TimelineEvent | undefined;
  /** The last before `id` (exclusive). */
  last(type: string, about: About, before: number): TimelineEvent | undefined;
}

interface About {
  readonly slot?: string | undefined;
  readonly generation?: number | undefined;
}

export function eventsOf(all: readonly TimelineEvent[]): Events {
  const matches = (event: TimelineEvent, type: string, { slot, generation }: About) =>
    event.type === type &&
    (slot === undefined || event.slot === slot) &&
    (generation === undefined || event.generation === generation);
  return {
    all,
    first: (type, about, after) => all.find((event) => event.id > after && matches(event, type, about)),
    last: (type, about, before) => all.findLast((event) => event.id < before && matches(event, type, about)),
  };
}
