// What a sidecar tells of its past: its events and the samples of its flow, read once or followed to the end.

import type { FlowSample, TimelineEvent } from "../api/backend.ts";
import type { ControlClient } from "./control-client.ts";
import { Refused } from "./control-client.ts";

export interface Past {
  readonly events: readonly TimelineEvent[];
  readonly samples: readonly FlowSample[];
  /** The newest moment that is known, on sluice's clock, ms. */
  readonly now: number;
}

type Asked = Pick<ControlClient, "call" | "lines">;

/** Rejects with Unreachable or Refused. */
export async function readPast(client: Asked): Promise<Past> {
  const events: TimelineEvent[] = [];
  const samples: FlowSample[] = [];
  for await (const line of client.lines("/v1/events?follow=false")) if (isNumbered(line)) events.push(line);
  try {
    for await (const line of client.lines("/v1/flow?follow=false")) samples.push(line as FlowSample);
  } catch (error) {
    // A sidecar that is older than this command has events only.
    if (!(error instanceof Refused) || error.code !== "NO_SUCH_ENDPOINT") throw error;
  }
  const { uptimeMs = 0 } = (await client.call("/v1/status")) as { readonly uptimeMs?: number };
  return { events, samples, now: Math.max(uptimeMs, newest(events), newest(samples)) };
}

/**
 * Calls `onChange` with all that is known after each event and each sample, until the sidecar ends the streams or `stopped`
 * resolves. Rejects with Unreachable or Refused if it could not be asked at all.
 */
export async function followPast(
  client: Asked,
  stopped: Promise<void>,
  onChange: (past: Past) => void,
): Promise<Past> {
  const events: TimelineEvent[] = [];
  const samples: FlowSample[] = [];
  const past = (): Past => ({ events, samples, now: Math.max(newest(events), newest(samples)) });
  let isOver = false;

  async function take(path: string, keep: (line: unknown) => void): Promise<void> {
    let hasBegun = false;
    try {
      for await (const line of client.lines(path)) {
        hasBegun = true;
        keep(line);
        if (isOver) return;
        onChange(past());
      }
    } catch (error) {
      // A Pod that goes takes the connection with it.
      if (!hasBegun) throw error;
    }
  }

  const streams = Promise.all([
    take("/v1/events", (line) => isNumbered(line) && events.push(line)),
    take("/v1/flow", (line) => samples.push(line as FlowSample)),
  ]);
  streams.catch(() => {});
  await Promise.race([streams, stopped]);
  isOver = true;
  return past();
}

/** A remark of the stream itself has no number. */
function isNumbered(line: unknown): line is TimelineEvent {
  return typeof (line as Partial<TimelineEvent>).id === "number";
}

function newest(all: readonly { readonly monotonicMs: number }[]): number {
  return all.at(-1)?.monotonicMs ?? 0;
}
