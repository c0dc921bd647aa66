// The attempts of one request: where it asks for a slot, by which client library and over what kind of connection each is
// made, and what follows when one has failed.

import type { IncomingMessage } from "node:http";
import type { Ticket } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Destination, Guest } from "../admission.ts";
import type { AppFailure } from "../app-failure.ts";
import type { EngineParts } from "../engine.ts";
import { isIdempotent, replayVerdict } from "../replay.ts";
import type { Visit } from "../visit.ts";
import type { Fail } from "./answer-relay.ts";
import type { AppCall, Order } from "./app-call.ts";
import type { AppPool } from "./app-pool.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import { NodeCall } from "./node-call.ts";
import { needsNodeClient, orderOf } from "./order.ts";
import type { RequestBody } from "./request-body.ts";
import { TunnelCall, type TunnelSink } from "./tunnel-call.ts";

/** So long the news that a generation has died may take, ms; after it, a broken connection was the connection's own affair. */
const DEATH_NEWS_MS = 20;
const IDLE_CLOSE_NEWS_MS = 2;

export interface Attempted {
  readonly request: IncomingMessage;
  readonly body: RequestBody | undefined;
  readonly tunnel: ClientTunnel | undefined;
  readonly visit: Visit;
}

export class Attempts implements Guest {
  readonly #parts: EngineParts;
  readonly #pool: AppPool;
  readonly #what: Attempted;
  readonly #sink: TunnelSink;
  readonly #fail: Fail;
  #order: Order | undefined = undefined;
  #call: AppCall | undefined = undefined;
  /** The next attempt takes a connection that is beyond doubt. */
  #careful = false;
  #over = false;
  /** Something of an answer has come, an interim one included: nothing is sent again. */
  answerSeen = false;

  constructor(parts: EngineParts, pool: AppPool, what: Attempted, sink: TunnelSink, fail: Fail) {
    this.#parts = parts;
    this.#pool = pool;
    this.#what = what;
    this.#sink = sink;
    this.#fail = fail;
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
    const { request, tunnel } = this.#what;
    const order = this.#orderNow();
    const { limits, observer } = this.#parts;
    const parts = { limits, connecting: this.#pool.connecting, accepted: observer.accepted };
    if (tunnel) this.#call = new TunnelCall(destination, order, tunnel, parts, this.#sink);
    else if (needsNodeClient(request, order)) {
      this.#call = new NodeCall(destination, order, parts, this.#sink);
    } else {
      this.#call = this.#pool.send(destination, order, this.#careful || !this.#isRepeatable(), this.#sink);
    }
  }

  refuse(code: ErrorCode): void {
    this.#fail(code, "refused");
  }

  // --- The present attempt.

  /** It has failed: the request asks for a slot again, or fails with it. */
  failed(failure: AppFailure): void {
    const generation = this.#what.visit.destination?.generation ?? 0;
    if (this.#over) return;
    if (failure.refused) this.#parts.observer.refused(generation);
    const next = this.#after(failure);
    if (next === "fail") this.#fail(failure.code, "failed", failure.cause);
    else if (failure.refused) this.#admit(true);
    else this.#admitLater(generation, next === "replay");
  }

  /** Ends the attempt, or the wait for one, and there will be no other; the app sees its connection close. */
  abort(): void {
    this.noteWritten();
    this.#over = true;
    this.#parts.admission.withdraw(this);
    this.#call?.abort();
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
    this.#what.visit.waits();
    this.#parts.admission.admit(this, again);
  }

  /**
   * A process that dies closes its sockets one by one: the listening one may still take a connection, only to reset it. So
   * the news of a death is waited for; what was not sent at all has most likely met an idle time-out, and waits less.
   */
  #admitLater(generation: number, isReplay: boolean): void {
    const { visit } = this.#what;
    visit.replayed ||= isReplay;
    visit.ticket.alight();
    const { admission, observer } = this.#parts;
    admission.whenElsewhere(generation, isReplay ? DEATH_NEWS_MS : IDLE_CLOSE_NEWS_MS, () => {
      if (this.#over) return;
      if (isReplay) observer.replayed(generation, visit.visitor.requestId);
      this.#admit(true);
    });
  }

  /**
   * What follows a failure. "again": the request was not sent, so asking for a slot anew is no replay. An observer has been
   * told of a refused connection by then.
   */
  #after(failure: AppFailure): "again" | "replay" | "fail" {
    const { request, body, visit } = this.#what;
    body?.suspend();
    this.#call = undefined;
    visit.written = !failure.sentNothing;
    if (failure.refused) return this.#isElsewhere() ? "again" : "fail";
    // The client library took offence at the request itself, and would again.
    if (failure.code === "INTERNAL") return "fail";
    const bodyInHand = body?.inHand ?? true;
    if (failure.stale && failure.sentNothing && bodyInHand && !this.answerSeen && !this.#careful) {
      // The connection had ended while it idled.
      this.#careful = true;
      return "again";
    }
    const verdict = replayVerdict({
      ...failure,
      answerSeen: failure.answerSeen || this.answerSeen,
      method: visit.visitor.method,
      hasIdempotencyKey: request.headers["idempotency-key"] !== undefined,
      bodyInHand,
      // What was read for a connection that took none of it, and was not kept, cannot be sent a second time either.
      sentNothing: failure.sentNothing && bodyInHand,
      replayedBefore: visit.replayed,
    });
    if (verdict === "replay") this.#careful = true;
    return verdict;
  }

  /** Whether the route leads anywhere but to the generation that has just refused. */
  #isElsewhere(): boolean {
    const { route } = this.#parts.admission;
    return (
      route.to !== "generation" || route.destination.generation !== this.#what.visit.destination?.generation
    );
  }

  #isRepeatable(): boolean {
    const { request, body } = this.#what;
    const { method = "", headers } = request;
    if (!isIdempotent(method) && headers["idempotency-key"] === undefined) return false;
    const length = Number(headers["content-length"] ?? Number.POSITIVE_INFINITY);
    return body === undefined || length <= this.#parts.limits.replayBodyBytes;
  }

  #orderNow(): Order {
    if (this.#order) return this.#order;
    const { request, body, tunnel, visit } = this.#what;
    const client = request.socket.remoteAddress ?? "";
    this.#order = orderOf(request, body, {
      client,
      trusted: this.#parts.isTrustedProxy(client),
      requestId: visit.visitor.requestId,
      via: this.#parts.via,
      keepUpgrade: tunnel !== undefined,
    });
    return this.#order;
  }
}
