// One request's journey: admission, the app, the answer, and exactly one end. It decides by the rules in ../ and leaves the
// speaking of HTTP to its calls and its answer.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Ending, Ticket } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Destination, Guest } from "../admission.ts";
import { answerCheck } from "../answer-check.ts";
import type { AppFailure } from "../app-failure.ts";
import type { EngineParts } from "../engine.ts";
import { plainAddress } from "../headers/forwarded.ts";
import { requestIdOf } from "../headers/request-id.ts";
import { isIdempotent, replayVerdict } from "../replay.ts";
import { checkHead } from "../request-check.ts";
import { Visit } from "../visit.ts";
import type { AppCall, Order } from "./app-call.ts";
import type { AppPool } from "./app-pool.ts";
import { ClientAnswer } from "./client-answer.ts";
import type { ClientConnection, Turn } from "./client-connection.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import { probeHalfClosed } from "./half-closed.ts";
import { NodeCall } from "./node-call.ts";
import { isExpecting, needsNodeClient, orderOf } from "./order.ts";
import { RequestBody } from "./request-body.ts";
import { TunnelCall, type TunnelSink } from "./tunnel-call.ts";
import { upgradeHead } from "./upgrade-head.ts";
import type { WindDown } from "./wind-down.ts";

/** So long the news that a generation has died may take, ms; after it, a broken connection was the connection's own affair. */
const DEATH_NEWS_MS = 20;

/** What all exchanges of one engine share. */
export interface House {
  readonly parts: EngineParts;
  readonly pool: AppPool;
  readonly windDown: WindDown;
  readonly active: Set<Exchange>;
}

export class Exchange implements Guest, Turn, TunnelSink {
  readonly visit: Visit;
  readonly #house: House;
  readonly #connection: ClientConnection;
  readonly #request: IncomingMessage;
  readonly #answer: ClientAnswer;
  readonly #response: ServerResponse;
  readonly #tunnel: ClientTunnel | undefined;
  readonly #body: RequestBody | undefined;
  #order: Order | undefined = undefined;
  #call: AppCall | undefined = undefined;
  #answerSeen = false;
  /** The next attempt takes a connection that is beyond doubt. */
  #careful = false;
  #said100 = false;
  #gone = false;
  #stopProbing: (() => void) | undefined = undefined;
  /** How it ends when the answer is out, where that is not "answered". */
  #ending: Ending | undefined = undefined;

  constructor(
    house: House,
    connection: ClientConnection,
    request: IncomingMessage,
    response: ServerResponse,
    tunnel?: ClientTunnel,
  ) {
    const { parts } = house;
    this.#house = house;
    this.#connection = connection;
    this.#request = request;
    this.#response = response;
    this.#tunnel = tunnel;
    const method = request.method ?? "";
    this.visit = new Visit(parts, {
      requestId: requestIdOf(request.rawHeaders) ?? parts.newRequestId(),
      method,
      target: request.url ?? "",
      client: plainAddress(connection.socket.remoteAddress ?? ""),
    });
    if (tunnel) this.visit.kind = "websocket";
    const { httpVersion } = request;
    this.#answer = new ClientAnswer(response, {
      method,
      httpVersion,
      via: parts.via,
      stallMs: parts.limits.clientIdleMs,
    });
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    if (coding !== undefined || (length !== undefined && Number(length) !== 0)) {
      this.#body = new RequestBody(request, parts.limits, () =>
        this.#fail("BODY_TIMEOUT", "refused", "body stalled"),
      );
    }
    response.on("finish", () => this.#finished());
    response.on("close", () => this.#closed());
    response.on("drain", () => this.#drained());
    house.active.add(this);
  }

  get ticket(): Ticket {
    return this.visit.ticket;
  }

  get bodyComplete(): boolean {
    return this.#request.complete;
  }

  // --- Its turn on the client's connection.

  start(): void {
    if (this.visit.over) return;
    if (this.#connection.surplus) {
      this.#fail("TOO_MANY_CONNECTIONS", "refused");
      return;
    }
    const { method = "", url: target = "", httpVersion, rawHeaders } = this.#request;
    const fault = checkHead({ method, target, httpVersion, rawHeaders }, this.#house.parts.limits);
    if (fault) this.#fail(fault, "refused");
    else this.#admit(false);
  }

  bodyBroken(code: ErrorCode | "CLIENT_LEFT", cause: string): void {
    if (code === "CLIENT_LEFT") this.#connection.socket.destroy();
    else this.#fail(code, "refused", cause);
  }

  /**
   * The client has sent FIN. An unasked 100, which every HTTP/1.1 client must be able to take (RFC 9110 15.2), makes the
   * kernel of one that is gone say so. Nobody reads a WebSocket or an event stream from a half-closed socket.
   */
  halfClosed(): void {
    if (this.visit.over) return;
    if (this.#tunnel || this.visit.kind === "event-stream") this.#connection.socket.destroy();
    else if (this.#request.httpVersion === "1.1" && this.#request.complete) {
      this.#answer.sendContinue();
      this.#stopProbing = probeHalfClosed(this.#connection.socket);
    }
  }

  // --- Guest.

  proceed(destination: Destination): void {
    this.visit.boards(destination);
    const once = this.#careful || !this.#isRepeatable();
    const order = this.#orderNow();
    const { parts, pool } = this.#house;
    const nodeParts = { limits: parts.limits, accepted: parts.observer.accepted };
    if (this.#tunnel) this.#call = new TunnelCall(destination, order, this.#tunnel, nodeParts, this);
    else if (needsNodeClient(this.#request, order))
      this.#call = new NodeCall(destination, order, nodeParts, this);
    else this.#call = pool.send(destination, order, once, this);
  }

  refuse(code: ErrorCode): void {
    this.#fail(code, "refused");
  }

  // --- What the app says.

  onInterim(status: number, rawHeaders: string[]): void {
    this.#answerSeen = true;
    if (status === 101) this.#fail("APP_MALFORMED", "failed", "101 without being asked");
    else if (status === 100) this.#pass100();
    else this.#trySending(() => this.#answer.interim(status, rawHeaders));
  }

  onHead(status: number, reason: string, rawHeaders: string[]): void {
    this.#answerSeen = true;
    this.visit.firstByte();
    this.#body?.release();
    const head = { status, reason, rawHeaders, method: this.visit.visitor.method };
    const fault = answerCheck(head, this.#house.parts.limits);
    if (fault) {
      this.#fail(fault, "failed", `the app's head: status ${status}`);
      return;
    }
    if (isEventStream(rawHeaders)) this.visit.kind = "event-stream";
    // A client whose upload is refused learns from Connection: close that it may stop (RFC 9110 10.1.1, RFC 9112 9.3).
    const refusesUpload = !this.#request.complete && (status >= 400 || (this.#expects && !this.#said100));
    this.#trySending(() => this.#answer.begin(head, refusesUpload || this.#isLast()));
  }

  onData(chunk: Buffer): boolean {
    return this.#answer.write(chunk);
  }

  onEnd(rawTrailers: string[]): void {
    this.#trySending(() => this.#endAnswer(rawTrailers));
  }

  onFailure(failure: AppFailure): void {
    const { visit } = this;
    const { observer, admission } = this.#house.parts;
    visit.written = !failure.sentNothing;
    if (visit.over) return;
    this.#body?.suspend();
    const generation = visit.destination?.generation ?? 0;
    if (failure.refused) {
      observer.refused(generation);
      const { route } = admission;
      // The observer left it where it is: there is nobody else to ask.
      if (route.to === "generation" && route.destination.generation === generation) {
        this.#fail(failure.code, "failed", failure.cause);
      } else this.#admit(true);
      return;
    }
    if (failure.stale && failure.sentNothing && !this.#answerSeen && !this.#careful) {
      // The connection had ended while it idled: the request has not been sent yet, not even once.
      this.#careful = true;
      this.#admit(true);
      return;
    }
    // The client library took offence at the request itself, and would again.
    if (failure.code === "INTERNAL") {
      this.#fail(failure.code, "failed", failure.cause);
      return;
    }
    const verdict = replayVerdict({
      ...failure,
      answerSeen: failure.answerSeen || this.#answerSeen,
      method: visit.visitor.method,
      hasIdempotencyKey: this.#request.headers["idempotency-key"] !== undefined,
      bodyInHand: this.#body?.inHand ?? true,
      replayedBefore: visit.replayed,
    });
    if (verdict === "fail") this.#fail(failure.code, "failed", failure.cause);
    else this.#replay(generation);
  }

  onUpgrade(reason: string, rawHeaders: string[]): void {
    const { visit } = this;
    if (!this.#tunnel || visit.over) return;
    visit.firstByte();
    visit.status = 101;
    visit.written = true;
    this.#response.detachSocket(this.#connection.socket);
    this.#tunnel.open(upgradeHead(reason, rawHeaders, this.#house.parts.via));
  }

  onTunnelEnd(how: "orderly" | "by-app" | "by-client"): void {
    if (how === "by-app") this.visit.code = "APP_CLOSED";
    if (how === "by-client") this.visit.code = "CLIENT_LEFT";
    this.#end(how === "orderly" ? "answered" : how === "by-app" ? "failed" : "client_aborted");
  }

  // --- Orders from the engine.

  /** Ends a long-lived answer of that generation (undefined: of any) in order; undefined if this is none. */
  endStream(generation: number | undefined, code: 1001 | 1012): Promise<void> | undefined {
    const { visit } = this;
    if (visit.over || (generation !== undefined && visit.destination?.generation !== generation))
      return undefined;
    const { socket } = this.#connection;
    if (this.#tunnel && visit.status === 101) this.#tunnel.sayGoodbye(code);
    else if (visit.kind === "event-stream" && this.#answer.canEndEarly) {
      this.#call?.abort();
      this.#endAnswer([]);
      return new Promise((resolve) => this.#response.once("close", resolve));
    } else return undefined;
    return new Promise((resolve) => {
      if (socket.destroyed) resolve();
      else socket.once("close", () => resolve());
    });
  }

  /** Ends the request now, as cut at the deadline. False if it had ended. */
  cut(): boolean {
    if (this.visit.over) return false;
    this.#house.parts.admission.withdraw(this);
    this.#fail("CUT_AT_DEADLINE", "deadline");
    this.#end("deadline");
    return true;
  }

  // --- Inside.

  get #expects(): boolean {
    return isExpecting(this.#request);
  }

  #admit(again: boolean): void {
    this.#call = undefined;
    this.visit.waits();
    this.#house.parts.admission.admit(this, again);
  }

  #replay(generation: number): void {
    const { visit } = this;
    visit.replayed = true;
    this.#careful = true;
    this.#call = undefined;
    visit.ticket.alight();
    // A process that dies closes its sockets one by one: the listening one may still take a connection, only to reset it.
    this.#house.parts.admission.whenElsewhere(generation, DEATH_NEWS_MS, () => {
      if (visit.over) return;
      this.#house.parts.observer.replayed(generation, visit.visitor.requestId);
      this.#admit(true);
    });
  }

  #orderNow(): Order {
    if (!this.#order) {
      const { parts } = this.#house;
      const client = this.#connection.socket.remoteAddress ?? "";
      this.#order = orderOf(this.#request, this.#body, {
        client,
        trusted: parts.isTrustedProxy(client),
        requestId: this.visit.visitor.requestId,
        via: parts.via,
        keepUpgrade: this.#tunnel !== undefined,
      });
    }
    return this.#order;
  }

  #isRepeatable(): boolean {
    const { method, headers } = this.#request;
    if (!isIdempotent(method ?? "") && headers["idempotency-key"] === undefined) return false;
    const most = this.#house.parts.limits.replayBodyBytes;
    return this.#body === undefined || Number(headers["content-length"] ?? Number.POSITIVE_INFINITY) <= most;
  }

  #isLast(): boolean {
    return this.#house.windDown.isLast(this.#connection.id);
  }

  #pass100(): void {
    if (!this.#expects || this.#said100) return;
    this.#said100 = true;
    this.#answer.sendContinue();
  }

  /** What the app said may be something that node refuses to send. */
  #trySending(send: () => void): void {
    if (this.visit.over) return;
    try {
      send();
      this.visit.status = this.#answer.status;
    } catch (error) {
      this.#fail("APP_MALFORMED", "failed", String(error));
    }
  }

  #endAnswer(rawTrailers: string[]): void {
    this.#noteWritten();
    if (!this.#request.complete) this.#connection.closeInOrder();
    this.#answer.end(rawTrailers);
    this.#body?.close();
  }

  #noteWritten(): void {
    if (this.#call) this.visit.written = this.#call.written;
  }

  #fail(code: ErrorCode, ending: Ending, cause?: string): void {
    const { visit } = this;
    if (visit.over || this.#ending) return;
    this.#ending = ending;
    visit.code = code;
    visit.cause = cause;
    this.#noteWritten();
    this.#call?.abort();
    this.#body?.close();
    if (this.#tunnel) {
      if (visit.status === 101) {
        this.#tunnel.destroy();
        this.#end(ending);
        return;
      }
      this.#tunnel.release();
    }
    if (!this.#request.complete) this.#connection.closeInOrder();
    this.#answer.fail(code, visit.visitor.requestId, !this.#request.complete || this.#isLast());
    visit.status = this.#answer.status;
  }

  #finished(): void {
    this.#end(this.#ending ?? "answered");
  }

  #closed(): void {
    // After an upgrade the response is not what lives.
    if (this.visit.status === 101) return;
    this.#gone = true;
    if (this.visit.over) return;
    this.#house.parts.admission.withdraw(this);
    this.#noteWritten();
    this.#call?.abort();
    this.#body?.close();
    if (!this.#ending) {
      this.visit.code = "CLIENT_LEFT";
      this.visit.status = this.visit.status || 499;
    }
    this.#end(this.#ending ?? "client_aborted");
  }

  #drained(): void {
    this.#answer.drained();
    this.#call?.resume();
  }

  #end(ending: Ending): void {
    if (!this.visit.end(ending)) return;
    this.#house.active.delete(this);
    this.#answer.dispose();
    this.#stopProbing?.();
    if (!this.#gone && !this.#tunnel && !this.#request.complete) this.#connection.linger();
    this.#connection.done(this);
  }
}

function isEventStream(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === "content-type")
      return /^text\/event-stream\b/i.test(rawHeaders[i + 1]!);
  }
  return false;
}
