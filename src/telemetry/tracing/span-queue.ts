// Spans on their way to the collector: bounded in number, sent in batches, one batch at a time, each within a time. What the
// collector does not take is counted and forgotten: tracing never waits for it, and never keeps more than the bound.

import type { SpanCounts } from "../samples.ts";
import type { Span } from "./span.ts";

export interface SpanQueueParts {
  /** Sends one batch; rejects if the collector did not take it. */
  readonly send: (spans: readonly Span[]) => Promise<void>;
  /** Called when batches begin to fail, with the first reason, and when one arrives again. */
  readonly onFailing: (error: Error) => void;
  readonly onRecovered: () => void;
}

export interface SpanQueue {
  add(spans: readonly Span[]): void;
  /** A span was not even made, since there are too many. */
  drop(): void;
  counts(): SpanCounts;
  /** Sends what waits, and resolves when it is out or after `withinMs`; what waits then is dropped. Never rejects. */
  flush(withinMs: number): Promise<void>;
}

/** Most spans that wait, those of the batch that is being sent included. */
const MOST_WAITING = 2_048;
const BATCH = 512;
/** The first span of a batch waits at most so long for others. */
const BATCH_AFTER_MS = 2_000;
/** A collector that has not answered by then counts as gone. */
const SEND_WITHIN_MS = 10_000;
const LAST_TRY_MS = 100;

export function createSpanQueue(parts: SpanQueueParts): SpanQueue {
  const waiting: Span[] = [];
  let sending: Promise<void> | undefined;
  let inBatch = 0;
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;
  let exported = 0;
  let failed = 0;
  let dropped = 0;

  function arm(): void {
    if (sending || waiting.length === 0) return;
    if (waiting.length >= BATCH) sendBatch();
    else timer ??= setTimeout(sendBatch, BATCH_AFTER_MS).unref();
  }

  function sendBatch(): void {
    clearTimeout(timer);
    timer = undefined;
    if (sending || waiting.length === 0) return;
    const batch = waiting.splice(0, BATCH);
    inBatch = batch.length;
    sending = within(SEND_WITHIN_MS, () => parts.send(batch)).then(
      () => settled(batch, undefined),
      (error: unknown) => settled(batch, error instanceof Error ? error : new Error(String(error))),
    );
  }

  function settled(batch: readonly Span[], error: Error | undefined): void {
    sending = undefined;
    inBatch = 0;
    if (error) failed += batch.length;
    else exported += batch.length;
    if (error && !isFailing) parts.onFailing(error);
    if (!error && isFailing) parts.onRecovered();
    isFailing = error !== undefined;
    arm();
  }

  async function sendAll(): Promise<void> {
    while (sending || waiting.length > 0) {
      sendBatch();
      await sending;
    }
  }

  return {
    add(spans) {
      for (const span of spans) {
        if (waiting.length + inBatch < MOST_WAITING) waiting.push(span);
        else dropped++;
      }
      arm();
    },
    drop() {
      dropped++;
    },
    counts: () => ({ exported, failed, dropped }),
    async flush(withinMs) {
      // Who has not answered before is not waited for at an exit.
      const patienceMs = isFailing ? Math.min(withinMs, LAST_TRY_MS) : withinMs;
      await within(patienceMs, sendAll).catch(() => {});
      dropped += waiting.splice(0).length;
    },
  };
}

/** Rejects after `ms`, whatever becomes of the work then. */
async function within(ms: number, begin: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  try {
    await Promise.race([begin(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
