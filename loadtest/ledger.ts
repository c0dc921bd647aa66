// The client's account: one entry for each request that was begun, and the end of each connection. Nothing is ever
// taken out of it.

import type { Method, WrongKind } from "./question.ts";
import type { ConnectionEnd, Loss } from "./strict-connection.ts";

export type Failure = Loss | WrongKind | "unasked bytes";

export interface Entry {
  readonly number: number;
  readonly method: Method;
  /** By performance.now(), ms. */
  readonly sentAt: number;
  readonly doneAt: number;
  /** A connection stood, so bytes of the request may have left. */
  readonly written: boolean;
  /** Undefined: answered, and every check passed. */
  readonly failure: Failure | undefined;
  readonly detail: string;
  /** 0 if no final head came. */
  readonly status: number;
  /** As the app said it; undefined if no answer came, or in framing mode. */
  readonly version: string | undefined;
  /** A keep-alive connection that had been opened for an earlier request. */
  readonly reused: boolean;
  /** The app was asked to think, so its latency says nothing of the proxy's. */
  readonly slow: boolean;
}

export interface EndRecord {
  readonly end: ConnectionEnd;
  readonly at: number;
  readonly detail: string;
  readonly lastNumber: number | undefined;
}

/** Ends for which a client that keeps its connections alive did not ask. */
export function isUnwanted(end: ConnectionEnd): boolean {
  return end !== "closed by client";
}

/** Counts how often each value occurs, most frequent first. */
export function tally<T>(items: readonly T[], keyOf: (item: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort((left, right) => right[1] - left[1]);
}
