// The attempts of one request: where it asks for a slot, over what kind of connection it is sent, and what follows when that has
// failed.

import type { Ticket } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Destination, Guest } from "../admission.ts";
import type { AppFailure } from "../app-failure.ts";
import { hostField } from "../headers/host.ts";
import { Retries, type Retry } from "../retries.ts";
import type { Visit } from "../visit.ts";
import type { AppConnection } from "./app-connection.ts";
import type { House } from "./house.ts";
import type { Request } from "./request.ts";
import { withFields } from "./request-rewrite.ts";
import type { Served } from "./served.ts";

/** Whom the attempts are for. */
export interface Attempted extends Served {
  readonly request: Request;
  readonly visit: Visit;
  /** No attempt fails or succeeds any more. */
  fail(code: ErrorCode, ending: "refused" | "failed", cause?: string): void;
  /** The body goes somewhere else now, or waits. */
  onBodyTurned(): void;
}

export class Attempts implements Guest {
  /** The connection of the present attempt. */
  app: AppConnection | undefined = undefined;
  /** The head has been written to it. */
  isSent = false;
  /** No further attempt. */
  isOver = false;
  /** Something of an answer has come, an interim one included: nothing is sent again. */
  answerSeen = false;
  readonly #house: House;
  readonly #exchange: Attempted;
  /** Undefined until an attempt has failed. */
  #retries: Retries | undefined = undefined;

  constructor(house: House, exchange: Attempted) {
    this.#house = house;
    this.#exchange = exchange;
  }

  /** Asks for a slot, for the first time. */
  begin(): void {
    this.#admit(false);
  }

  // --- Guest.

  get ticket(): Ticket {
    return this.#exchange.visit.ticket;
  }

  proceed(destination: Destination): void {
    if (this.isOver) return;
    const exchange = this.#exchange;
    exchange.visit.boards(destination);
    this.isSent = false;
    this.#house.pool.serve(destination, this.#retries?.careful || exchange.request.once, exchange);
  }

  refuse(code: ErrorCode): void {
    this.#exchange.fail(code, "refused");
  }

  // --- The present attempt.

  /** The connection can be written to: sends the head, and what has come of the body, in one write where it fits. */
  send(app: AppConnection): void {
    const { visit, request } = this.#exchange;
    const { body } = request;
    const { socket } = app;
    this.app = app;
    this.isSent = true;
    visit.written = true;
    const head = this.#headNow();
    const parts = body?.attach(app);
    if (!parts || parts.length === 0) socket.write(head, "latin1");
    else this.#house.writes.writeAll(socket, head, parts);
    app.expectAnswer();
    if (!body) return;
    body.regulate(socket.writableNeedDrain);
    this.#exchange.onBodyTurned();
  }

  /** Nothing has been sent: asks for a slot again if another generation takes new requests by now. False: none does. */
  turnElsewhere(): boolean {
    const { route } = this.#house.parts.admission;
    const { destination } = this.#exchange.visit;
    if (route.to !== "generation" || route.destination.generation === destination?.generation) return false;
    this.#admit(true);
    return true;
  }

  /** It has failed: the request asks for a slot again, or fails with it. */
  failed(failure: AppFailure): void {
    if (this.isOver) return;
    const exchange = this.#exchange;
    const { visit, request } = exchange;
    const { body } = request;
    const { admission, observer } = this.#house.parts;
    const generation = visit.destination?.generation ?? 0;
    this.app = undefined;
    this.isSent = false;
    body?.detach();
    exchange.onBodyTurned();
    if (failure.refused) observer.refused(generation);
    visit.written = !failure.sentNothing;
    const facts = {
      method: request.method,
      hasIdempotencyKey: request.hasIdempotencyKey,
      bodyInHand: body?.inHand ?? true,
      answerSeen: this.answerSeen,
    };
    this.#retries ??= new Retries();
    const retry = this.#retries.after(failure, facts, generation, admission.route);
    if (retry.step === "fail") exchange.fail(failure.code, "failed", failure.cause);
    else if (retry.step === "ask") this.#admit(true);
    else this.#wait(retry, generation, failure);
  }

  /** The answer is whole, or the connection belongs to a tunnel: the attempt has succeeded. */
  succeeded(): void {
    this.isOver = true;
    this.app = undefined;
  }

  /** Ends the attempt, or the wait for one, and there will be no other; the app sees its connection close. */
  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.app?.destroy();
    this.app = undefined;
    this.#house.parts.admission.withdraw(this);
  }

  // --- Inside.

  #admit(again: boolean): void {
    this.#house.parts.admission.admit(this, again);
    this.#exchange.visit.waits();
  }

  /** For the news of a death, or for the patience to end. */
  #wait(retry: Retry & { step: "wait" }, generation: number, failure: AppFailure): void {
    const exchange = this.#exchange;
    const { visit } = exchange;
    const { admission, observer } = this.#house.parts;
    visit.replayed ||= retry.isReplay;
    visit.ticket.alight();
    admission.whenElsewhere(generation, retry.patienceMs, (isElsewhere) => {
      if (this.isOver) return;
      if (retry.onlyElsewhere && !isElsewhere) {
        exchange.fail(failure.code, "failed", failure.cause);
        return;
      }
      if (retry.isReplay) observer.replayed(generation, visit.visitor.requestId);
      this.#admit(true);
    });
  }

  /** The head for this attempt: the same for all, but for a traced one, and one without Host. */
  #headNow(): string {
    const { request, visit } = this.#exchange;
    const { head, lacksHost, trace } = request;
    const { destination } = visit;
    const own = trace ? withFields(head, trace.fields()) : head;
    return lacksHost && destination ? withFields(own, hostField(destination)) : own;
  }
}
