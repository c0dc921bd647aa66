// One request's journey: admission, the app, the answer, and exactly one end. It decides by the rules in ../ and leaves the
// speaking of HTTP to its calls and its answer.

import type { Ending } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import type { AppFailure } from "../app-failure.ts";
import { probeHalfClosed } from "../half-closed.ts";
import { checkHead } from "../request-check.ts";
import { Visit } from "../visit.ts";
import { AnswerRelay } from "./answer-relay.ts";
import { type Arrival, bodyOf, visitorOf } from "./arrival.ts";
import { Attempts } from "./attempts.ts";
import { ClientAnswer } from "./client-answer.ts";
import type { Turn } from "./client-connection.ts";
import { mayHaveDropped } from "./declined-upgrade.ts";
import type { House } from "./house.ts";
import type { RequestBody } from "./request-body.ts";
import { createSender } from "./sender.ts";
import type { TunnelSink } from "./tunnel-call.ts";
import { upgradeHead } from "./upgrade-head.ts";

export class Exchange implements Turn, TunnelSink {
  readonly visit: Visit;
  readonly #house: House;
  readonly #arrival: Arrival;
  readonly #answer: ClientAnswer;
  readonly #relay: AnswerRelay;
  readonly #body: RequestBody | undefined;
  readonly #attempts: Attempts;
  #gone = false;
  #stopProbing: (() => void) | undefined = undefined;
  /** How it ends when the answer is out, where that is not "answered". */
  #ending: Ending | undefined = undefined;

  constructor(house: House, arrival: Arrival) {
    const { parts } = house;
    const { limits, via } = parts;
    const { request, response, tunnel } = arrival;
    const { method = "", httpVersion, headers } = request;
    const fail = this.#fail.bind(this);
    const visit = new Visit(parts, visitorOf(arrival, parts));
    this.#house = house;
    this.#arrival = arrival;
    this.visit = visit;
    if (tunnel) visit.kind = "websocket";
    this.#answer = new ClientAnswer(response, { method, httpVersion, via, stallMs: limits.clientIdleMs });
    this.#body = bodyOf(arrival, limits, () => fail("BODY_TIMEOUT", "refused", "body stalled"));
    this.#attempts = new Attempts(parts, {
      visit,
      body: this.#body,
      hasIdempotencyKey: headers["idempotency-key"] !== undefined,
      contentLength: Number(headers["content-length"] ?? Number.NaN),
      attempt: createSender(house, arrival, this.#body, visit.visitor, this),
      fail,
    });
    this.#relay = new AnswerRelay({
      visit,
      request,
      answer: this.#answer,
      limits,
      body: this.#body,
      isLast: this.#isLast,
      fail,
    });
    // What an error means for the request is told by "close".
    response.on("error", () => {});
    response.on("finish", () => this.#end(this.#ending ?? "answered"));
    response.on("close", () => this.#closed());
    response.on("drain", () => this.drained());
    house.active.add(this);
  }

  get bodyComplete(): boolean {
    return this.#arrival.request.complete;
  }

  get closes(): boolean {
    return this.#answer.closes;
  }

  // --- Its turn on the client's connection.

  start(): void {
    if (this.visit.over || this.#ending) return;
    const { connection, request } = this.#arrival;
    const { method = "", url: target = "", httpVersion, rawHeaders } = request;
    const head = { method, target, httpVersion, rawHeaders };
    const fault = connection.surplus ? "TOO_MANY_CONNECTIONS" : checkHead(head, this.#house.parts.limits);
    if (fault) this.#fail(fault, "refused");
    else this.#attempts.begin();
  }

  abandon(cause: string): void {
    if (this.visit.over) return;
    this.visit.cause = cause;
    this.#arrival.response.destroy();
    this.#closed();
  }

  bodyBroken(code: ErrorCode | "CLIENT_LEFT", cause: string): void {
    if (code === "CLIENT_LEFT") this.#arrival.connection.socket.destroy();
    else this.#fail(code, "refused", cause);
  }

  /**
   * The client has sent FIN. An unasked 100, which every HTTP/1.1 client must be able to take (RFC 9110 15.2), makes the
   * kernel of one that is gone say so. Nobody reads a WebSocket or an event stream from a half-closed socket.
   */
  halfClosed(): void {
    if (this.visit.over) return;
    const { connection, request, tunnel } = this.#arrival;
    if (tunnel || this.visit.kind === "event-stream") connection.socket.destroy();
    else if (request.httpVersion === "1.1" && request.complete) {
      this.#answer.sendContinue();
      this.#stopProbing = probeHalfClosed(connection.socket);
    }
  }

  drained(): void {
    this.#answer.drained();
    this.#attempts.resume();
  }

  // --- What the app says.
  onInterim(status: number, rawHeaders: string[]): void {
    this.#attempts.answerSeen = true;
    this.#relay.interim(status, rawHeaders);
  }

  onHead(status: number, reason: string, rawHeaders: string[]): void {
    this.#attempts.answerSeen = true;
    this.#relay.head(status, reason, rawHeaders);
  }

  onData = (chunk: Buffer): boolean => this.#answer.write(chunk);

  onEnd(rawTrailers: string[]): void {
    this.#relay.send(() => this.#endAnswer(rawTrailers));
  }

  onFailure(failure: AppFailure): void {
    this.#attempts.failed(failure);
  }

  onUpgrade(reason: string, rawHeaders: string[]): void {
    const { visit } = this;
    const { connection, response, tunnel } = this.#arrival;
    if (!tunnel || visit.over) return;
    visit.firstByte();
    visit.status = 101;
    visit.written = true;
    response.detachSocket(connection.socket);
    tunnel.open(upgradeHead(reason, rawHeaders, this.#house.parts.via));
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
    const { connection, response, tunnel } = this.#arrival;
    if (visit.over || (generation !== undefined && visit.destination?.generation !== generation))
      return undefined;
    if (tunnel && visit.status === 101) {
      tunnel.sayGoodbye(code);
      const { socket } = connection;
      return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", resolve));
    }
    if (visit.kind !== "event-stream" || !this.#answer.canEndEarly) return undefined;
    this.#attempts.abort();
    this.#endAnswer([]);
    return new Promise((resolve) => response.once("close", resolve));
  }

  /** Ends the request now, as cut at the deadline. False if it had ended. */
  cut(): boolean {
    if (this.visit.over) return false;
    this.#fail("CUT_AT_DEADLINE", "deadline");
    this.#end("deadline");
    return true;
  }

  // --- Inside.
  readonly #isLast = (): boolean =>
    mayHaveDropped(this.#arrival) || this.#house.windDown.isLast(this.#arrival.connection.id);

  readonly #isBodyDue = (): boolean => this.#body !== undefined && !this.bodyComplete;

  #endAnswer(rawTrailers: string[]): void {
    this.#attempts.noteWritten();
    if (this.#isBodyDue() && this.#answer.closes) this.#arrival.connection.closeInOrder();
    this.#answer.end(rawTrailers);
    this.#body?.close();
  }

  #fail(code: ErrorCode, ending: Ending, cause?: string): void {
    const { visit } = this;
    const { connection, tunnel } = this.#arrival;
    if (visit.over || this.#ending) return;
    this.#ending = ending;
    visit.code = code;
    visit.cause = cause;
    this.#attempts.abort();
    this.#body?.close();
    if (tunnel && visit.status === 101) {
      tunnel.destroy();
      this.#end(ending);
      return;
    }
    tunnel?.release();
    if (this.#isBodyDue()) connection.closeInOrder();
    this.#answer.fail(code, visit.visitor.requestId, this.#isBodyDue() || this.#isLast());
    visit.status = this.#answer.status;
  }

  #closed(): void {
    const { visit } = this;
    // After an upgrade the response is not what lives.
    if (visit.status === 101) return;
    this.#gone = true;
    if (visit.over) return;
    this.#attempts.abort();
    this.#body?.close();
    if (!this.#ending) {
      visit.code = "CLIENT_LEFT";
      visit.status ||= 499;
    }
    this.#end(this.#ending ?? "client_aborted");
  }

  #end(ending: Ending): void {
    if (!this.visit.end(ending)) return;
    const { connection, request, tunnel } = this.#arrival;
    this.#house.active.delete(this);
    this.#answer.dispose();
    this.#stopProbing?.();
    if (!this.#gone && !tunnel && this.#isBodyDue()) {
      if (this.#answer.closes) connection.linger();
      else connection.awaitRest(request);
    }
    connection.done(this);
  }
}
