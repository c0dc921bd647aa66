// The attempts of one request: where it asks for a slot, whether each needs a connection beyond doubt, and what follows when
// one has failed. How an attempt is made is the affair of whoever asks.

import type { Ticket } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Destination, Guest } from "../admission.ts";
import type { AppFailure } from "../app-failure.ts";
import type { EngineParts } from "../engine.ts";
import { isIdempotent } from "../replay.ts";
import { Retries, type Retry } from "../retries.ts";
import type { Visit } from "../visit.ts";
import type { Fail } from "./answer-relay.ts";
import type { AppCall } from "./app-call.ts";
import type { RequestBody } from "./request-body.ts";

export interface Attempted {
  readonly visit: Visit;
  readonly body: RequestBody | undefined;
  readonly hasIdempotencyKey: boolean;
  /** As announced; NaN if it is not said. */
  readonly contentLength: number;
  /** Makes one attempt. `once`: it may not be sent twice, so it takes a connection that is beyond doubt. */
  readonly attempt: (destination: Destination, once: boolean) => AppCall;
  readonly fail: Fail;
}

export class Attempts implements Guest {
  readonly #parts: EngineParts;
  readonly #what: Attempted;
  #call: AppCall | undefined = undefined;
  readonly #retries = new Retries();
  #over = false;
  /** Something of an answer has come, an interim one included: nothing is sent again. */
  answerSeen = false;

  constructor(parts: EngineParts, what: Attempted) {
    this.#parts = parts;
    this.#what = what;
  }

  /** Asks for a slot, for the first time. */
  begin(): void {
    this.#admit(false);
  }

  // --- Guest.

  get ticket(): Ticket {
    return this.#what.visit.ticket;
  }

  proceed(destination: Destination): void {
    if (this.#over) return;
    this.#what.visit.boards(destination);
    this.#call = this.#what.attempt(destination, this.#retries.careful || !this.#isRepeatable());
  }

  refuse(code: ErrorCode): void {
    this.#what.fail(code, "refused");
  }

  // --- The present attempt.

  /** It has failed: the request asks for a slot again, or fails with it. */
  failed(failure: AppFailure): void {
    if (this.#over) return;
    const { visit, body, hasIdempotencyKey, fail } = this.#what;
    const { admission, observer } = this.#parts;
    const generation = visit.destination?.generation ?? 0;
    if (failure.refused) observer.refused(generation);
    body?.suspend();
    this.#call = undefined;
    visit.written = !failure.sentNothing;
    const facts = {
      method: visit.visitor.method,
      hasIdempotencyKey,
      bodyInHand: body?.inHand ?? true,
      answerSeen: this.answerSeen,
    };
    const retry = this.#retries.after(failure, facts, generation, admission.route);
    if (retry.step === "fail") fail(failure.code, "failed", failure.cause);
    else if (retry.step === "ask") this.#admit(true);
    else this.#wait(retry, generation, failure);
  }

  /** Ends the attempt, or the wait for one, and there will be no other; the app sees its connection close, or a reset with `code`. */
  abort(code?: number): void {
    this.noteWritten();
    this.#over = true;
    this.#parts.admission.withdraw(this);
    this.#call?.abort(code);
    this.#call = undefined;
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Records whether anything was written to the app by the present attempt. */
  noteWritten(): void {
    if (this.#call) this.#what.visit.written = this.#call.written;
  }

  // --- Inside.

  #admit(again: boolean): void {
    this.#parts.admission.admit(this, again);
    this.#what.visit.waits();
  }

  /** For the news of a death, or for the patience to end. */
  #wait(retry: Retry & { step: "wait" }, generation: number, failure: AppFailure): void {
    const { visit, fail } = this.#what;
    const { admission, observer } = this.#parts;
    visit.replayed ||= retry.isReplay;
    visit.ticket.alight();
    admission.whenElsewhere(generation, retry.patienceMs, (isElsewhere) => {
      if (this.#over) return;
      if (retry.onlyElsewhere && !isElsewhere) {
        fail(failure.code, "failed", failure.cause);
        return;
      }
      if (retry.isReplay) observer.replayed(generation, visit.visitor.requestId);
      this.#admit(true);
    });
  }

  #isRepeatable(): boolean {
    const { visit, body, hasIdempotencyKey, contentLength } = this.#what;
    if (!isIdempotent(visit.visitor.method) && !hasIdempotencyKey) return false;
    return body === undefined || contentLength <= this.#parts.limits.replayBodyBytes;
  }
}
