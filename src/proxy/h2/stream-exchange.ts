// One request of an HTTP/2 client on its journey: admission, the app, the answer, and exactly one end. It decides by the rules
// in ../ and goes the same way as a request of HTTP/1.1; only what is said to the client differs.

import { constants, type ServerHttp2Stream } from "node:http2";
import type { Ending } from "../../drain/tickets.ts";
import type { ErrorCode } from "../../errors.ts";
import { answerCheck } from "../answer-check.ts";
import type { AppFailure } from "../app-failure.ts";
import type { EngineParts } from "../engine.ts";
import { isEventStream } from "../event-stream.ts";
import { valuesOf } from "../headers/fields.ts";
import { requestIdOf } from "../headers/request-id.ts";
import { checkHead } from "../request-check.ts";
import type { AppSide, AppSink } from "../standard/app-call.ts";
import { Attempts } from "../standard/attempts.ts";
import { traced } from "../standard/order.ts";
import type { RequestBody } from "../standard/request-body.ts";
import { Visit } from "../visit.ts";
import { isGrpc } from "./grpc.ts";
import { StreamAnswer } from "./stream-answer.ts";
import { type StreamHead, streamHead } from "./stream-head.ts";
import { bodyOf, orderOf } from "./stream-order.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_STREAM_CLOSED } = constants;
const { NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_FRAME_SIZE_ERROR } = constants;

/** With these nghttp2 resets a stream whose client has broken HTTP/2 in it. */
const BROKEN: ReadonlySet<number> = new Set([
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_FLOW_CONTROL_ERROR,
  NGHTTP2_STREAM_CLOSED,
  NGHTTP2_FRAME_SIZE_ERROR,
]);

/** What all streams of one front share. */
export interface StreamHouse {
  readonly parts: EngineParts;
  readonly app: AppSide;
  readonly active: Set<StreamExchange>;
}

/** A request as it came. */
export interface StreamArrival {
  readonly stream: ServerHttp2Stream;
  readonly rawHeaders: readonly string[];
  /** Address of the peer. */
  readonly client: string;
  /** Its connection is one too many. */
  readonly surplus: boolean;
}

export class StreamExchange implements AppSink {
  readonly visit: Visit;
  readonly #house: StreamHouse;
  readonly #arrival: StreamArrival;
  readonly #head: StreamHead;
  readonly #answer: StreamAnswer;
  readonly #body: RequestBody | undefined;
  readonly #attempts: Attempts;
  readonly #onOver: () => void;
  readonly #expects: boolean;
  #said100 = false;
  #reset: number | undefined = undefined;
  /** How it ends when the answer is out, where that is not "answered". */
  #ending: Ending | undefined = undefined;

  constructor(house: StreamHouse, arrival: StreamArrival, onOver: () => void) {
    const { parts, app } = house;
    const { stream, client } = arrival;
    const head = streamHead(arrival.rawHeaders);
    const grpc = isGrpc(head.rawHeaders);
    const requestId = requestIdOf(head.rawHeaders) ?? parts.newRequestId();
    const fail = this.#fail.bind(this);
    this.#house = house;
    this.#arrival = arrival;
    this.#head = head;
    this.#onOver = onOver;
    const trace = parts.trace?.(head.rawHeaders);
    this.visit = new Visit(parts, { requestId, method: head.method, target: head.target, client, trace });
    this.#answer = new StreamAnswer(stream, {
      method: head.method,
      grpc,
      via: parts.via,
      stallMs: parts.limits.clientIdleMs,
      onSent: () => this.#sent(),
    });
    this.#body = bodyOf(stream, head, grpc, parts.limits, () =>
      fail("BODY_TIMEOUT", "refused", "body stalled"),
    );
    const order = orderOf(stream, head, this.#body, { client, requestId, grpc, parts });
    this.#expects = order.expects;
    this.#attempts = new Attempts(parts, {
      visit: this.visit,
      body: this.#body,
      hasIdempotencyKey: valuesOf(head.rawHeaders, "idempotency-key").length > 0,
      contentLength: Number(order.contentLength ?? Number.NaN),
      attempt: (destination, once) => app.send(destination, traced(order, trace), once, this),
      fail,
    });
    // What an error means for the request is told by "close".
    stream.on("error", () => {});
    stream.on("close", () => this.#closed());
    stream.on("drain", () => this.#attempts.resume());
    house.active.add(this);
  }

  start(): void {
    const { surplus } = this.#arrival;
    const { limits } = this.#house.parts;
    const malformed = this.#head.malformed ? "MALFORMED_REQUEST" : undefined;
    const fault = surplus ? "TOO_MANY_CONNECTIONS" : (malformed ?? checkHead(this.#head, limits));
    if (fault) this.#fail(fault, "refused");
    else this.#attempts.begin();
  }

  // --- What the app says.

  onInterim(status: number, rawHeaders: string[]): void {
    this.#attempts.answerSeen = true;
    const isAsked = status !== 100 || (this.#expects && !this.#said100);
    if (status === 101) this.#fail("APP_MALFORMED", "failed", "101 without being asked");
    else if (this.#answer.isCrowded)
      this.#fail("APP_MALFORMED", "failed", "more interim answers than the client reads");
    else if (isAsked) this.#send(() => this.#answer.interim(status, rawHeaders));
    if (status !== 100) return;
    this.#said100 = true;
    this.#body?.told();
  }

  onHead(status: number, _reason: string, rawHeaders: string[], isWhole = false): void {
    const { visit } = this;
    this.#attempts.answerSeen = true;
    this.#body?.release();
    visit.firstByte();
    const head = { status, rawHeaders, method: visit.visitor.method };
    const fault = status < 200 ? "APP_MALFORMED" : answerCheck(head, this.#house.parts.limits);
    if (fault) {
      this.#fail(fault, "failed", `the app's head: status ${status}`);
      return;
    }
    if (isEventStream(rawHeaders)) visit.kind = "event-stream";
    this.#send(() => this.#answer.begin({ status, rawHeaders, isWhole }));
    visit.status = this.#answer.status;
  }

  onData(chunk: Buffer): boolean {
    return this.#answer.write(chunk);
  }

  onEnd(rawTrailers: string[]): void {
    this.#send(() => this.#endAnswer(rawTrailers));
  }

  onFailure(failure: AppFailure): void {
    this.#reset = failure.reset;
    this.#attempts.failed(failure);
  }

  // --- Orders from the engine.

  /** Ends a long-lived answer of that generation (undefined: of any) in order; undefined if this is none. */
  endStream(generation: number | undefined): Promise<void> | undefined {
    const { visit } = this;
    if (visit.over || (generation !== undefined && visit.destination?.generation !== generation))
      return undefined;
    const isEvents = visit.kind === "event-stream" && this.#answer.canEndEarly;
    if (!isEvents && !this.#answer.canSayFarewell) return undefined;
    this.#attempts.abort(NGHTTP2_CANCEL);
    if (isEvents) this.#endAnswer([]);
    else {
      this.#attempts.noteWritten();
      this.#answer.sayFarewell();
    }
    return new Promise((resolve) => this.#arrival.stream.once("close", resolve));
  }

  /** Ends the request now, as cut at the deadline. False if it had ended. */
  cut(): boolean {
    if (this.visit.over) return false;
    this.#fail("CUT_AT_DEADLINE", "deadline");
    this.#end("deadline");
    return true;
  }

  // --- Inside.

  /** What the app said may be something that node refuses to send. */
  #send(something: () => void): void {
    if (this.visit.over || this.#ending) return;
    try {
      something();
    } catch (error) {
      this.#fail("APP_MALFORMED", "failed", String(error));
    }
  }

  #endAnswer(rawTrailers: string[]): void {
    this.#attempts.noteWritten();
    this.#answer.end(rawTrailers);
    this.#body?.close();
  }

  #fail(code: ErrorCode, ending: Ending, cause?: string): void {
    const { visit } = this;
    if (visit.over || this.#ending) return;
    this.#ending = ending;
    visit.code = code;
    visit.cause = cause;
    this.#attempts.abort(NGHTTP2_CANCEL);
    this.#body?.close();
    this.#answer.fail(code, visit.visitor.requestId, this.#reset);
    visit.status = this.#answer.status;
  }

  /** The answer is out. The client may stop sending a request that has it (RFC 9113 8.1). */
  #sent(): void {
    const { stream } = this.#arrival;
    this.#end(this.#ending ?? "answered");
    if (this.#body && !this.#body.ended && !stream.destroyed) stream.close(NGHTTP2_NO_ERROR);
  }

  #closed(): void {
    const { visit } = this;
    const { rstCode } = this.#arrival.stream;
    if (visit.over) return;
    // Both sides have ended in order: the answer went out whole, and node will not say so any more.
    if (rstCode === NGHTTP2_NO_ERROR && this.#answer.ended) {
      this.#end(this.#ending ?? "answered");
      return;
    }
    this.#attempts.abort(rstCode || NGHTTP2_CANCEL);
    this.#body?.close();
    if (!this.#ending && BROKEN.has(rstCode) && visit.status === 0) {
      visit.code = "MALFORMED_REQUEST";
      visit.cause = `stream error ${rstCode}`;
      this.#ending = "refused";
    } else if (!this.#ending) {
      visit.code = "CLIENT_LEFT";
      visit.status ||= 499;
    }
    this.#end(this.#ending ?? "client_aborted");
  }

  #end(ending: Ending): void {
    if (!this.visit.end(ending)) return;
    this.#house.active.delete(this);
    this.#answer.dispose();
    this.#onOver();
  }
}
