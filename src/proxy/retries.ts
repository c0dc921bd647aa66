// What follows failed attempts to have the app answer one request. Pure; every engine goes by it.
//
// A request is sent at most twice, with one exception. A process that dies closes its sockets one by one, in as many
// milliseconds as a busy machine takes: the listening one may still accept the replay, only to reset it. Such a replay has
// met the same death as the first attempt, so once that death is known the request goes to another generation. No more
// than two generations ever see a request.

import type { Route } from "./admission.ts";
import type { AppFailure } from "./app-failure.ts";
import { replayVerdict } from "./replay.ts";

/** So long the news that a generation has died may take, ms; after it, a broken connection was the connection's own affair. */
const DEATH_NEWS_MS = 20;
/** The same, where a fresh connection to the generation has broken as well, ms. */
const SECOND_DEATH_NEWS_MS = 500;
/** What was not sent at all has most likely met an idle time-out, so the news is not waited for any longer than this, ms. */
const IDLE_CLOSE_NEWS_MS = 2;

export interface RequestFacts {
  readonly method: string;
  readonly hasIdempotencyKey: boolean;
  /** Every byte of the body that was read from the client is still kept. */
  readonly bodyInHand: boolean;
  /** Something of an answer has come, in whichever attempt, an interim one included. */
  readonly answerSeen: boolean;
}

export type Retry =
  | { readonly step: "fail" }
  /** It asks for a slot again at once. */
  | { readonly step: "ask" }
  /**
   * It asks as soon as the route leads away from the generation, after `patienceMs` at the latest; with `onlyElsewhere` it has
   * failed if the route still leads there by then.
   */
  | {
      readonly step: "wait";
      readonly patienceMs: number;
      /** It becomes a replayed request by it. */
      readonly isReplay: boolean;
      readonly onlyElsewhere: boolean;
    };

const FAIL: Retry = { step: "fail" };
const ASK: Retry = { step: "ask" };
const UNSENT: Retry = {
  step: "wait",
  patienceMs: IDLE_CLOSE_NEWS_MS,
  isReplay: false,
  onlyElsewhere: false,
};
const REPLAY: Retry = { step: "wait", patienceMs: DEATH_NEWS_MS, isReplay: true, onlyElsewhere: false };
const REPLAY_ELSEWHERE: Retry = {
  step: "wait",
  patienceMs: SECOND_DEATH_NEWS_MS,
  isReplay: false,
  onlyElsewhere: true,
};

export class Retries {
  /** The next attempt takes a connection that is beyond doubt. */
  careful = false;
  /** The generation that the replay was sent for; 0: there was none. */
  #replayedFor = 0;
  #waitedForDeath = false;

  /** What follows the failure of an attempt with `generation`. An observer has been told of a refused connection by then. */
  after(failure: AppFailure, facts: RequestFacts, generation: number, route: Route): Retry {
    const { bodyInHand } = facts;
    const isElsewhere = route.to !== "generation" || route.destination.generation !== generation;
    if (failure.refused) return isElsewhere && bodyInHand ? ASK : FAIL;
    if (failure.code === "INTERNAL") return FAIL;
    // Silence is no sign of a death: a slow app would have to do its work twice, and the client would wait twice as long.
    if (failure.code === "APP_TIMEOUT" && !isElsewhere) return FAIL;
    const answerSeen = failure.answerSeen || facts.answerSeen;
    // The connection had ended while it idled.
    if (failure.stale && failure.sentNothing && bodyInHand && !answerSeen && !this.careful) {
      this.careful = true;
      return UNSENT;
    }
    const isSecond = this.#replayedFor !== 0;
    const verdict = replayVerdict({
      answerSeen,
      refused: false,
      // What was taken in for a connection that took none of it, and was not kept, cannot be sent a second time either.
      sentNothing: failure.sentNothing && bodyInHand,
      method: facts.method,
      hasIdempotencyKey: facts.hasIdempotencyKey,
      bodyInHand,
      replayedBefore: isSecond && (this.#replayedFor !== generation || this.#waitedForDeath),
    });
    if (verdict === "fail") return FAIL;
    this.careful = true;
    this.#replayedFor = generation;
    this.#waitedForDeath = isSecond;
    return isSecond ? REPLAY_ELSEWHERE : REPLAY;
  }
}
