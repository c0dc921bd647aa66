// One attempt to have the app answer a request over HTTP/2.

import { type ClientHttp2Session, type ClientHttp2Stream, constants } from "node:http2";
import type { ErrorCode } from "../../errors.ts";
import type { Destination } from "../admission.ts";
import type { AppFailure } from "../app-failure.ts";
import { trailerFields } from "../headers/trailers.ts";
import type { Limits } from "../limits.ts";
import type { AppCall, AppSink, Order } from "../standard/app-call.ts";
import { answerFields, requestHeaders } from "./app-head.ts";
import { watchEnd } from "./end-mark.ts";
import { fieldsByName } from "./fields-by-name.ts";
import { resetStream } from "./reset.ts";
import { Silence } from "./silence.ts";

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR } = constants;
const { NGHTTP2_PROTOCOL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

const NOTHING_SENT = { refused: false, sentNothing: true, answerSeen: false, stale: false };

/** The connection that carries a stream. */
export interface Carrier {
  readonly destination: Destination;
  /** It had served before: that it ended need not mean that the app is gone. */
  readonly hasServed: boolean;
  /** Its socket has closed. */
  readonly isLost: boolean;
  /** The last stream that the app will look at; Infinity until it has said which (RFC 9113 6.8). */
  readonly lastStreamId: number;
}

export class AppStream implements AppCall {
  written = false;
  readonly #order: Order;
  readonly #sink: AppSink;
  readonly #silence: Silence;
  #stream: ClientHttp2Stream | undefined = undefined;
  #answerSeen = false;
  #answerBegun = false;
  #bodyBegun = false;
  #trailers: string[] = [];
  #over = false;

  constructor(order: Order, { responseTimeoutMs }: Limits, sink: AppSink) {
    const limitMs = order.isPatient ? Number.POSITIVE_INFINITY : responseTimeoutMs;
    this.#order = order;
    this.#sink = sink;
    this.#silence = new Silence(
      limitMs,
      () => this.#isAppsTurn,
      () => this.#passed(),
    );
  }

  /** It was given up, or has come to its end. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Sends the request. `onClosed` is called once, when the connection has done with it. */
  run(session: ClientHttp2Session, carrier: Carrier, onClosed: () => void): void {
    const { body, trailers } = this.#order;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(requestHeaders(this.#order, carrier.destination), {
        endStream: body === undefined,
        waitForTrailers: trailers !== undefined,
      });
    } catch (error) {
      // node takes offence at the request itself, and would again.
      this.fail({ code: "INTERNAL", ...NOTHING_SENT, cause: String(error) });
      onClosed();
      return;
    }
    const hasEnded = watchEnd(stream);
    this.#stream = stream;
    this.written = true;
    stream.on("headers", (headers, _flags, raw: string[]) => this.#interim(Number(headers[":status"]), raw));
    stream.on("response", (headers, flags, raw: string[]) =>
      this.#head(Number(headers[":status"]), raw, (flags & NGHTTP2_FLAG_END_STREAM) !== 0),
    );
    stream.on("trailers", (_headers, _flags, raw: string[]) => {
      this.#trailers = answerFields(raw);
    });
    stream.on("data", (chunk: Buffer) => this.#data(stream, chunk));
    stream.on("end", () => hasEnded() && this.#end(stream));
    // What an error means is told by "close".
    stream.on("error", () => {});
    stream.on("close", () => {
      this.#closed(stream, carrier);
      onClosed();
    });
    if (body) this.#pour(stream);
    this.#silence.begin();
  }

  /** There is no connection to send it on. */
  fail(failure: AppFailure): void {
    if (this.#over) return;
    this.#stop();
    this.#sink.onFailure(failure);
  }

  resume(): void {
    if (this.#over) return;
    this.#silence.begin();
    this.#stream?.resume();
  }

  abort(code: number = NGHTTP2_CANCEL): void {
    this.#stop();
    if (this.#stream) resetStream(this.#stream, code);
  }

  get #isAppsTurn(): boolean {
    const stream = this.#stream;
    if (this.#answerBegun || !this.#bodyBegun || stream === undefined) return true;
    return stream.writableNeedDrain || stream.writableEnded;
  }

  #pour(stream: ClientHttp2Stream): void {
    const { body, trailers } = this.#order;
    const more = body?.pour({
      take: (chunk) => {
        this.#bodyBegun = true;
        return stream.write(chunk);
      },
      end: () => {
        stream.end();
        this.#silence.begin();
      },
      drop: () => {},
    });
    stream.on("drain", () => more?.());
    stream.on("wantTrailers", () => stream.sendTrailers(fieldsByName(trailerFields(trailers?.() ?? []))));
    more?.();
  }

  #interim(status: number, raw: string[]): void {
    if (this.#over) return;
    this.#answerSeen = true;
    this.#silence.begin();
    this.#sink.onInterim(status, answerFields(raw));
  }

  #head(status: number, raw: string[], isWhole: boolean): void {
    if (this.#over) return;
    this.#answerSeen = true;
    this.#answerBegun = true;
    this.#silence.begin();
    this.#sink.onHead(status, "", answerFields(raw), isWhole);
  }

  #data(stream: ClientHttp2Stream, chunk: Buffer): void {
    if (this.#over) return;
    this.#silence.begin();
    if (this.#sink.onData(chunk)) return;
    stream.pause();
    this.#silence.pause();
  }

  #end(stream: ClientHttp2Stream): void {
    if (this.#over) return;
    this.#stop();
    this.#sink.onEnd(this.#trailers);
    // It has answered before it had the whole request, and wants no more of it.
    if (!stream.writableEnded) stream.close(NGHTTP2_NO_ERROR);
  }

  #closed(stream: ClientHttp2Stream, { hasServed, isLost, lastStreamId }: Carrier): void {
    const { rstCode, id } = stream;
    if (this.#over) return;
    const isBeyondLast = id !== undefined && id > lastStreamId;
    // RFC 9113 8.7: what was refused, or came after the last one that counts, was not looked at.
    const wasNotRead = rstCode === NGHTTP2_REFUSED_STREAM || isBeyondLast || id === undefined;
    const wasReset = !isLost && !isBeyondLast && rstCode !== NGHTTP2_NO_ERROR;
    this.fail({
      code: wasReset && rstCode === NGHTTP2_PROTOCOL_ERROR ? "APP_MALFORMED" : "APP_CLOSED",
      refused: false,
      sentNothing: wasNotRead,
      answerSeen: this.#answerSeen,
      stale: wasNotRead && hasServed,
      cause: wasReset ? `the app reset the stream: code ${rstCode}` : "closed before its answer was whole",
      ...(wasReset && { reset: rstCode }),
    });
  }

  #passed(): void {
    const stream = this.#stream;
    const code: ErrorCode = "APP_TIMEOUT";
    const answerSeen = this.#answerSeen;
    this.fail({ code, refused: false, sentNothing: false, answerSeen, stale: false, cause: "silence" });
    if (stream) resetStream(stream, NGHTTP2_CANCEL);
  }

  #stop(): void {
    this.#over = true;
    this.#silence.stop();
  }
}
