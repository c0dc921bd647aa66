// The attempts of one request: by which client library each is made, over what kind of connection, and what follows when one
// has failed.

import type { IncomingMessage } from "node:http";
import type { Destination } from "../admission.ts";
import type { AppFailure } from "../app-failure.ts";
import type { EngineParts } from "../engine.ts";
import { isIdempotent, replayVerdict } from "../replay.ts";
import type { Visit } from "../visit.ts";
import type { AppCall, Order } from "./app-call.ts";
import type { AppPool } from "./app-pool.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import { NodeCall } from "./node-call.ts";
import { needsNodeClient, orderOf } from "./order.ts";
import type { RequestBody } from "./request-body.ts";
import { TunnelCall, type TunnelSink } from "./tunnel-call.ts";

export interface Attempted {
  readonly request: IncomingMessage;
  readonly body: RequestBody | undefined;
  readonly tunnel: ClientTunnel | undefined;
  readonly visit: Visit;
}

export class Attempts {
  readonly #parts: EngineParts;
  readonly #pool: AppPool;
  readonly #what: Attempted;
  readonly #sink: TunnelSink;
  #order: Order | undefined = undefined;
  #call: AppCall | undefined = undefined;
  /** The next attempt takes a connection that is beyond doubt. */
  #careful = false;
  /** Something of an answer has come, an interim one included: nothing is sent again. */
  answerSeen = false;

  constructor(parts: EngineParts, pool: AppPool, what: Attempted, sink: TunnelSink) {
    this.#parts = parts;
    this.#pool = pool;
    this.#what = what;
    this.#sink = sink;
  }

  begin(destination: Destination): void {
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

  /**
   * What follows a failure. "again": the request was not sent, so asking for a slot anew is no replay. An observer has been
   * told of a refused connection by then.
   */
  after(failure: AppFailure): "again" | "replay" | "fail" {
    const { request, body, visit } = this.#what;
    body?.suspend();
    this.#call = undefined;
    visit.written = !failure.sentNothing;
    if (failure.refused) return this.#isElsewhere() ? "again" : "fail";
    // The client library took offence at the request itself, and would again.
    if (failure.code === "INTERNAL") return "fail";
    if (failure.stale && failure.sentNothing && !this.answerSeen && !this.#careful) {
      // The connection had ended while it idled.
      this.#careful = true;
      return "again";
    }
    const verdict = replayVerdict({
      ...failure,
      answerSeen: failure.answerSeen || this.answerSeen,
      method: visit.visitor.method,
      hasIdempotencyKey: request.headers["idempotency-key"] !== undefined,
      bodyInHand: body?.inHand ?? true,
      replayedBefore: visit.replayed,
    });
    if (verdict === "replay") this.#careful = true;
    return verdict;
  }

  /** Ends the present attempt; the app sees its connection close. */
  abort(): void {
    this.noteWritten();
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
