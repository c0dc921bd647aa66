// What all connections of one engine share. Reading is synchronous, so one scan of each kind serves them all, one after the other.

import type { EngineParts } from "../engine.ts";
import type { WindDown } from "../wind-down.ts";
import type { AlarmClock, WaitList } from "./alarm-clock.ts";
import type { AnswerHead } from "./answer-head.ts";
import type { AppPool } from "./app-pool.ts";
import type { DateLine } from "./date-line.ts";
import type { IntakeParts } from "./intake.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import type { RequestHead } from "./request-head.ts";
import type { SharedRead } from "./shared-read.ts";
import type { WriteBuffer } from "./write-buffer.ts";

export interface Waits {
  readonly head: WaitList;
  readonly idle: WaitList;
  readonly body: WaitList;
  readonly connect: WaitList;
  readonly response: WaitList;
  /** How long a client may take nothing of what waits for it. */
  readonly stall: WaitList;
  /** How long a client may still send after the last answer. */
  readonly linger: WaitList;
  /** How long one side of a tunnel may stay open after the other has closed. */
  readonly tunnel: WaitList;
}

export interface House {
  readonly parts: EngineParts;
  readonly pool: AppPool;
  readonly windDown: WindDown;
  readonly waits: Waits;
  readonly requestHead: RequestHead;
  readonly intake: IntakeParts;
  readonly answerHead: AnswerHead;
  readonly buffers: ReadBuffers;
  /** How clients are read. */
  readonly reads: SharedRead;
  readonly writes: WriteBuffer;
  readonly date: DateLine;
}

const LINGER_MS = 2000;
const TUNNEL_LINGER_MS = 1000;

/** The lists of the clock for each of the waits. */
export function waitsOf(clock: AlarmClock, { limits }: EngineParts): Waits {
  return {
    head: clock.waits(limits.headTimeoutMs),
    idle: clock.waits(limits.clientIdleMs),
    body: clock.waits(limits.bodyTimeoutMs),
    connect: clock.waits(limits.connectTimeoutMs),
    response: clock.waits(limits.responseTimeoutMs),
    stall: clock.waits(limits.clientIdleMs),
    linger: clock.waits(LINGER_MS),
    tunnel: clock.waits(TUNNEL_LINGER_MS),
  };
}
