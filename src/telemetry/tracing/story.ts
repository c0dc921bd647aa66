// A story reads the timeline and tells spans: what belongs together there, from a handshake to the last drained request, is one trace.

import type { TimelineEvent } from "../../api/backend.ts";
import type { Ids, Span } from "./span.ts";

export interface StoryParts {
  readonly ids: Ids;
  readonly tell: (spans: readonly Span[]) => void;
  /** What must be added to the timeline's monotonic ms to make them ms since the epoch. */
  readonly epoch: () => number;
}

/** Takes each event in order; returns the id of the trace that it belongs to, if there is one. */
export type Story = (event: TimelineEvent) => string | undefined;
