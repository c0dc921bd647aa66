// The sidecar of one Pod, as it is now: its timeline is followed, and its status read after each event, and whenever
// somebody asks. Nothing is asked by the clock, so that a crash shows within milliseconds.

import { setTimeout as after } from "node:timers/promises";
import type { Status, TimelineEvent } from "../api/backend.ts";

/** What a link needs of the sidecar's control API. */
export interface SidecarApi {
  call(path: string, call?: { readonly method?: "GET" | "POST" }): Promise<unknown>;
  lines(path: string): AsyncGenerator<unknown, void, void>;
  /** Ends every call and stream that is open. */
  end(): void;
}

export interface SidecarListener {
  /** Undefined: the sidecar cannot be asked at present, for this reason. */
  readonly onStatus: (status: Status | undefined, why: string) => void;
  readonly onEvent: (event: TimelineEvent) => void;
}

export interface SidecarLink {
  /** Reads the status now, besides after each event. */
  ask(): void;
  close(): void;
}

const AGAIN_AFTER_MS = 200;

export async function readStatus(api: SidecarApi): Promise<Status> {
  const answer = (await api.call("/v1/status")) as Partial<Status>;
  if (!answer.slots || !answer.account) throw new Error("whoever answers there is not sluice");
  return answer as Status;
}

/** The id of the newest event; 0 if there is none. */
export async function lastEvent(api: SidecarApi): Promise<number> {
  let last = 0;
  for await (const line of api.lines("/v1/events?follow=false")) last = (line as TimelineEvent).id ?? last;
  return last;
}

/** Follows the events after `since` until it is closed; what breaks is opened again. */
export function followSidecar(
  api: SidecarApi,
  since: number,
  { onStatus, onEvent }: SidecarListener,
): SidecarLink {
  let closed = false;
  let last = since;
  let asking = false;
  let stale = false;

  /** One question at a time; what happens meanwhile asks once more. */
  async function ask(): Promise<void> {
    stale = true;
    if (asking) return;
    asking = true;
    while (stale && !closed) {
      stale = false;
      try {
        const status = await readStatus(api);
        if (!closed) onStatus(status, "");
      } catch (error) {
        if (closed) break;
        onStatus(undefined, reasonOf(error));
        await after(AGAIN_AFTER_MS);
        stale = true;
      }
    }
    asking = false;
  }

  async function follow(): Promise<void> {
    while (!closed) {
      void ask();
      try {
        for await (const line of api.lines(`/v1/events?since=${last}`)) {
          if (closed) return;
          const event = line as TimelineEvent;
          if (event.id !== undefined) {
            last = event.id;
            onEvent(event);
          }
          void ask();
        }
      } catch {
        // The status says so too, with the reason.
      }
      if (!closed) await after(AGAIN_AFTER_MS);
    }
  }
  void follow();

  return {
    ask: () => void ask(),
    close() {
      closed = true;
      api.end();
    },
  };
}

function reasonOf(error: unknown): string {
  const tried = (error as { readonly tried?: readonly string[] }).tried;
  return tried?.join("; ") ?? (error instanceof Error ? error.message : String(error));
}
