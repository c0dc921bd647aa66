// One request's journey: its attempts, the answer, and exactly one end. Reading and writing are left to the connections.

import type { Ending } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import { probeHalfClosed } from "../half-closed.ts";
import { Visit } from "../visit.ts";
import type { AnswerHead } from "./answer-head.ts";
import type { AppConnection } from "./app-connection.ts";
import { type Attempted, Attempts } from "./attempts.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { House } from "./house.ts";
import type { Request } from "./request.ts";

export class Exchange implements Attempted {
  readonly visit: Visit;
  readonly request: Request;
  readonly #house: House;
  readonly #client: ClientConnection;
  readonly attempts: Attempts;
  #said100 = false;
  /** The app is not read, since the client is slower. */
  #paused = false;
  #stopProbing: (() => void) | undefined = undefined;
  /** How it ends when the answer is out, where that is not "answered". */
  #ending: Ending | undefined = undefined;

  constructor(house: House, client: ClientConnection, request: Request) {
    const { requestId, method, target, trace } = request;
    this.#house = house;
    this.#client = client;
    this.request = request;
    this.visit = new Visit(house.parts, { requestId, method, target, client: client.address, trace });
    if (request.isTunnel) this.visit.kind = "websocket";
    this.attempts = new Attempts(house, this);
  }

  // --- Its turn on the client's connection.

  start(): void {
    const { fault } = this.request;
    if (fault) this.fail(fault, "refused");
    else this.attempts.begin();
  }

  /** It ends without having begun, since the connection closes before its turn (RFC 9112 9.6). */
  abandon(cause: string): void {
    this.visit.cause ??= cause;
    this.clientGone();
  }

  /** The client's silence is its own: it has no answer yet (RFC 9112 9.5), and need not wait for a 100 (RFC 9110 10.1.1). */
  get awaitsBody(): boolean {
    const { body } = this.request;
    if (!body || body.complete || body.isFull || !this.attempts.isSent) return false;
    return this.visit.status === 0 && !this.#mayAwait100;
  }

  onBodyTurned(): void {
    this.#client.regulate();
  }

  /**
   * The client has sent FIN. An unasked 100, which every HTTP/1.1 client must be able to take (RFC 9110 15.2), makes the
   * kernel of one that is gone say so. Nobody reads a WebSocket or an event stream from a half-closed socket.
   */
  halfClosed(): void {
    const { socket, answer } = this.#client;
    if (this.visit.over) return;
    if (this.request.isTunnel || this.visit.kind === "event-stream") socket.destroy();
    else if (this.request.minor === 1 && !this.#stopProbing) {
      answer.sendContinue();
      this.#stopProbing = probeHalfClosed(socket);
    }
  }

  /** The client has taken what was written for it. */
  drained(): void {
    const { answer } = this.#client;
    if (answer.isFull) return;
    this.#client.client.takes();
    if (this.#paused) {
      this.#paused = false;
      this.attempts.app?.resume();
    }
    if (answer.ended && !answer.isPending) this.#end(this.#ending ?? "answered");
  }

  /** The client's socket has closed. */
  clientGone(): void {
    const { visit } = this;
    if (visit.over) return;
    this.#abort();
    if (!this.#ending) {
      visit.code = "CLIENT_LEFT";
      visit.status ||= 499;
    }
    this.#end(this.#ending ?? "client_aborted");
  }

  // --- Its connection to the app.

  onRoom(): void {
    this.request.body?.regulate(false);
    this.#client.regulate();
  }

  get isGone(): boolean {
    return this.attempts.isOver;
  }

  get isAppsTurn(): boolean {
    return this.request.isComplete || this.visit.status !== 0 || this.#mayAwait100;
  }

  get isPending(): boolean {
    return this.#client.answer.isPending;
  }

  // --- What the app says.

  get takesChunks(): boolean {
    return this.#client.answer.takesChunks;
  }

  onInterim(bytes: Buffer, head: AnswerHead): void {
    const { answer } = this.#client;
    this.attempts.answerSeen = true;
    if (head.scan.status === 100) {
      if (!this.request.expects || this.#said100) return;
      this.#said100 = true;
      answer.sendContinue();
      this.#client.regulate();
    } else if (answer.isFull) {
      this.fail("APP_MALFORMED", "failed", "more interim answers than the client reads");
    } else answer.interim(bytes, head, this.request);
  }

  onHead(bytes: Buffer, head: AnswerHead): void {
    const { visit } = this;
    const { status } = head.scan;
    this.attempts.answerSeen = true;
    this.request.body?.release();
    visit.firstByte();
    if (head.isEventStream) visit.kind = "event-stream";
    // A client whose upload is refused learns from Connection: close that it may stop (RFC 9110 10.1.1, RFC 9112 9.3).
    const refusesUpload =
      !this.request.isComplete && (status >= 400 || (this.request.expects && !this.#said100));
    this.#client.answer.begin(bytes, head, this.request, refusesUpload || this.#isLast());
    visit.status = status;
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    const { app } = this.attempts;
    if (app) this.#client.answer.body(bytes, from, to, app.buffer.isFleeting(bytes));
  }

  onReadDone(): void {
    const { answer } = this.#client;
    answer.flush();
    if (!answer.isFull || this.#paused) return;
    this.#paused = true;
    this.attempts.app?.pause();
    this.#client.client.takesNothing();
  }

  onEnd(trailers: string): void {
    this.attempts.succeeded();
    this.#endAnswer(trailers);
  }

  onUpgrade(app: AppConnection, bytes: Buffer, head: AnswerHead, rest: Buffer): void {
    const { visit } = this;
    this.attempts.succeeded();
    visit.firstByte();
    visit.status = 101;
    this.#client.openTunnel(this, app, bytes, head, rest);
  }

  /** The tunnel is over. */
  onTunnelEnd(how: "orderly" | "by-app" | "by-client"): void {
    if (how === "by-app") this.visit.code = "APP_CLOSED";
    if (how === "by-client") this.visit.code = "CLIENT_LEFT";
    this.#end(how === "orderly" ? "answered" : how === "by-app" ? "failed" : "client_aborted");
  }

  // --- Ends.

  /** Ends an event stream in order. False if this is none. */
  endStream(): boolean {
    if (this.visit.kind !== "event-stream" || !this.#client.answer.canEndEarly) return false;
    this.#abort();
    this.#endAnswer("");
    return true;
  }

  /** Ends the request now, as cut at the deadline. False if it had ended. */
  cut(): boolean {
    if (this.visit.over) return false;
    this.fail("CUT_AT_DEADLINE", "deadline");
    this.#end("deadline");
    return true;
  }

  /** Ends the request with a code from the catalogue; the first call counts. */
  fail(code: ErrorCode, ending: Ending, cause?: string): void {
    const { visit } = this;
    const { answer, socket } = this.#client;
    if (visit.over || this.#ending) return;
    this.#ending = ending;
    visit.code = code;
    visit.cause = cause;
    this.#abort();
    const isItsTurn = this.#client.turns.current === this && !this.#client.closeTunnel();
    if (isItsTurn) {
      answer.fail(code, this.request, !this.request.isComplete || this.#isLast());
      visit.status = answer.status;
    }
    if (isItsTurn && answer.isPending && !socket.destroyed) this.#client.client.awaitTaken();
    else this.#end(ending);
  }

  /** The client may be waiting to be told that it may send (RFC 9110 10.1.1). */
  get #mayAwait100(): boolean {
    const { expects, body } = this.request;
    return expects && !this.#said100 && body !== undefined && !body.begun;
  }

  #isLast(): boolean {
    return this.#house.windDown.isLast(this.#client.id);
  }

  #abort(): void {
    this.attempts.abort();
    this.request.body?.close();
  }

  #endAnswer(trailers: string): void {
    const { answer } = this.#client;
    answer.end(trailers);
    this.request.body?.close();
    if (answer.isPending) this.#client.client.awaitTaken();
    else this.#end("answered");
  }

  #end(ending: Ending): void {
    if (!this.visit.end(ending)) return;
    this.#stopProbing?.();
    this.#client.done(this);
  }
}
