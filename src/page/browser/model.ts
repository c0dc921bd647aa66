// What the page knows: the past that it was told first, and what came since, never more than it can show.

import type { FlowSample, Status, TimelineEvent } from "../../api/backend.ts";

export interface Hello {
  readonly page?: string;
  readonly life: string;
  readonly host: string;
  readonly status: Status;
  readonly events: readonly TimelineEvent[];
  readonly samples: readonly FlowSample[];
}

export interface Model {
  readonly link: "connecting" | "live" | "lost";
  /** Another sluice serves another page by now: this one may show, but not order. */
  readonly isReplaced: boolean;
  /** sluice was started anew while this page was open. */
  readonly hasRestarted: boolean;
  readonly life: string | undefined;
  readonly host: string;
  readonly status: Status | undefined;
  readonly events: readonly TimelineEvent[];
  readonly samples: readonly FlowSample[];
  /** On sluice's clock when the last message came, and on the page's own. */
  readonly now: number;
  readonly heardAt: number;
}

const MOST_EVENTS = 400;
const MOST_SAMPLES = 400;

export const UNKNOWN: Model = {
  ...{ link: "connecting", isReplaced: false, hasRestarted: false, life: undefined, host: "" },
  ...{ status: undefined, events: [], samples: [], now: 0, heardAt: 0 },
};

/** Figures of "now" are those of the last seconds. */
const NOW_MS = 5_500;

export function recentOf(samples: readonly FlowSample[]): readonly FlowSample[] {
  const last = samples.at(-1)?.monotonicMs ?? 0;
  return samples.filter(({ monotonicMs }) => monotonicMs > last - NOW_MS);
}

/** `page`: the id of this page; `at`: the page's monotonic clock, ms. */
export function hear(model: Model, name: string, data: unknown, page: string, at: number): Model {
  const heard = { ...model, link: "live" as const, heardAt: at };
  switch (name) {
    case "hello": {
      const { page: served, life, host, status, events, samples } = data as Hello;
      const isOther = model.life !== undefined && model.life !== life;
      return {
        ...heard,
        ...{ life, host, status, events, samples, now: status.uptimeMs },
        isReplaced: model.isReplaced || (served !== undefined && served !== page),
        hasRestarted: model.hasRestarted || isOther,
      };
    }
    case "status": {
      const status = data as Status;
      return { ...heard, status, now: Math.max(model.now, status.uptimeMs) };
    }
    case "events": {
      // What was gathered when the page came may stand in its past already.
      const known = model.events.at(-1)?.id ?? 0;
      const events = [...model.events, ...(data as TimelineEvent[]).filter(({ id }) => id > known)];
      const last = events.at(-1)?.monotonicMs ?? 0;
      return { ...heard, events: events.slice(-MOST_EVENTS), now: Math.max(model.now, last) };
    }
    case "sample": {
      const sample = data as FlowSample;
      const samples = [...model.samples, sample].slice(-MOST_SAMPLES);
      return { ...heard, samples, now: Math.max(model.now, sample.monotonicMs) };
    }
    default:
      return heard;
  }
}
