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
import { checkHead } from "../request-check.ts";
import { Visit } from "../visit.ts";
import type { AppPool } from "./app-pool.ts";
import { Attempts } from "./attempts.ts";
import { ClientAnswer } from "./client-answer.ts";
import type { ClientConnection, Turn } from "./client-connection.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import { isEventStream } from "./event-stream.ts";
import { probeHalfClosed } from "./half-closed.ts";
import { isExpecting } from "./order.ts";
import { RequestBody } from "./request-body.ts";
import type { TunnelSink } from "./tunnel-call.ts";
import { upgradeHead } from "./upgrade-head.ts";
import type { WindDown } from "./wind-down.ts";

/** So long the news that a generation has died may take, ms; after it, a broken connection was the connection's own affair. */
const DEATH_NEWS_MS = 20;
const IDLE_CLOSE_NEWS_MS = 2;

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
  readonly #attempts: Attempts;
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
    this.#attempts = new Attempts(
      parts,
      house.pool,
      { request, body: this.#body, tunnel, visit: this.visit },
      this,
    );
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
    this.#attempts.begin(destination);
  }

  refuse(code: ErrorCode): void {
    this.#fail(code, "refused");
  }

  // --- What the app says.

  onInterim(status: number, rawHeaders: string[]): void {
    this.#attempts.answerSeen = true;
    if (status === 101) this.#fail("APP_MALFORMED", "failed", "101 without being asked");
    else if (status === 100) this.#pass100();
    else this.#trySending(() => this.#answer.interim(status, rawHeaders));
  }

  onHead(status: number, reason: string, rawHeaders: string[]): void {
    this.#attempts.answerSeen = true;
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
    const generation = visit.destination?.generation ?? 0;
    if (visit.over) return;
    if (failure.refused) this.#house.parts.observer.refused(generation);
    const next = this.#attempts.after(failure);
    if (next === "fail") this.#fail(failure.code, "failed", failure.cause);
    else if (failure.refused) this.#admit(true);
    else this.#admitLater(generation, next === "replay");
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
      this.#attempts.abort();
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
    this.visit.waits();
    this.#house.parts.admission.admit(this, again);
  }

  /**
   * A process that dies closes its sockets one by one: the listening one may still take a connection, only to reset it. So
   * the news of a death is waited for; what was not sent at all has most likely met an idle time-out, and waits less.
   */
  #admitLater(generation: number, isReplay: boolean): void {
    const { visit } = this;
    visit.replayed ||= isReplay;
    visit.ticket.alight();
    const { admission, observer } = this.#house.parts;
    admission.whenElsewhere(generation, isReplay ? DEATH_NEWS_MS : IDLE_CLOSE_NEWS_MS, () => {
      if (visit.over) return;
      if (isReplay) observer.replayed(generation, visit.visitor.requestId);
      this.#admit(true);
    });
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
    this.#attempts.noteWritten();
    if (!this.#request.complete) this.#connection.closeInOrder();
    this.#answer.end(rawTrailers);
    this.#body?.close();
  }

  #fail(code: ErrorCode, ending: Ending, cause?: string): void {
    const { visit } = this;
    if (visit.over || this.#ending) return;
    this.#ending = ending;
    visit.code = code;
    visit.cause = cause;
    this.#attempts.abort();
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
    this.#attempts.abort();
    this.#body?.close();
    if (!this.#ending) {
      this.visit.code = "CLIENT_LEFT";
      this.visit.status = this.visit.status || 499;
    }
    this.#end(this.#ending ?? "client_aborted");
  }

  #drained(): void {
    this.#answer.drained();
    this.#attempts.resume();
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
