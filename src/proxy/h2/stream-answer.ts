// The answer on one HTTP/2 stream. One ladder for every answer that fails: ended: nothing; begun: cut; else a status and a
// code. To a gRPC client both are said in its own terms, so that it learns more than that something broke.

import type { ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { ErrorCode } from "../../errors.ts";
import { errorAnswer } from "../error-answer.ts";
import { answerFraming, framingOf } from "../framing.ts";
import type { Fields } from "../headers/fields.ts";
import { responseFields } from "../headers/response.ts";
import { trailerFields } from "../headers/trailers.ts";
import { fieldsByName } from "./fields-by-name.ts";
import { GrpcMessages, grpcFarewell, grpcTrailers } from "./grpc.ts";
import { resetStream } from "./reset.ts";

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

export interface AppHead {
  readonly status: number;
  readonly rawHeaders: string[];
  /** Nothing follows it. */
  readonly isWhole: boolean;
}

export interface AnswerContext {
  readonly method: string;
  /** The client speaks gRPC. */
  readonly grpc: boolean;
  readonly via: boolean;
  /** Longest time for which the client may take nothing of what waits for it, ms. */
  readonly stallMs: number;
  /** The answer, a refusal included, has been handed to the connection whole. */
  readonly onSent: () => void;
}

export class StreamAnswer {
  /** The status that was sent, or that a gRPC client was told in its own terms; 0: none yet. */
  status = 0;
  readonly #stream: ServerHttp2Stream;
  readonly #context: AnswerContext;
  readonly #messages: GrpcMessages | undefined;
  #countedBody = false;
  #ended = false;
  #trailers: string[] = [];
  #stall: NodeJS.Timeout | undefined = undefined;

  constructor(stream: ServerHttp2Stream, context: AnswerContext) {
    this.#stream = stream;
    this.#context = context;
    this.#messages = context.grpc ? new GrpcMessages() : undefined;
    stream.on("drain", () => this.#drained());
    stream.on("wantTrailers", () => this.#sendTrailers());
  }

  get begun(): boolean {
    return this.status !== 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The message has a visible end of its own, so that it can be ended early without looking whole by its length. */
  get canEndEarly(): boolean {
    return this.begun && !this.#ended && !this.#countedBody;
  }

  /** A gRPC stream between two messages: it can be ended so that its client knows what it has, and that more was to come. */
  get canSayFarewell(): boolean {
    return this.canEndEarly && (this.#messages?.whole ?? 0) > 0 && this.#messages?.isBetween === true;
  }

  /** The client leaves unread what it was sent already. */
  get isCrowded(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** An interim answer (RFC 9110 15.2). Throws if a field cannot be sent. */
  interim(status: number, rawHeaders: Fields): void {
    if (this.begun || !this.#canSend) return;
    const { via } = this.#context;
    const fields = responseFields(rawHeaders, { via, keepUpgrade: false, chunked: false });
    this.#stream.additionalHeaders({ ":status": status, ...fieldsByName(fields) });
  }

  /** Begins the answer with the app's head. Throws if it cannot be sent; nothing has been sent then. */
  begin({ status, rawHeaders, isWhole }: AppHead): void {
    const { method, via } = this.#context;
    const framing = answerFraming({ status, rawHeaders, method });
    const said = framingOf(rawHeaders, "1.1");
    this.#countedBody = framing.kind === "counted";
    const mayHaveTrailers = !isWhole && (framing.kind === "chunked" || framing.kind === "until-close");
    const fields = responseFields(rawHeaders, { via, keepUpgrade: false, chunked: mayHaveTrailers });
    // What HEAD and 304 say of the length is about another answer (RFC 9110 8.6); 204 must not say any.
    if (said.kind === "counted" && status !== 204) fields.push("content-length", String(said.length));
    this.#respond(status, fields, { endStream: isWhole, waitForTrailers: mayHaveTrailers });
    this.status = status;
  }

  /** False: the client is slower than the app; 'drain' of the stream tells when to go on. */
  write(chunk: Buffer): boolean {
    if (!this.#canSend || this.#ended) return true;
    this.#messages?.take(chunk);
    if (this.#stream.write(chunk)) return true;
    this.#awaitClient();
    return false;
  }

  end(rawTrailers: Fields): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#trailers = trailerFields(rawTrailers);
    this.#stream.end();
    this.#awaitClient();
  }

  /** Ends a gRPC stream in order, for the server's sake: UNAVAILABLE, which a client may try elsewhere. */
  sayFarewell(): void {
    this.end(grpcFarewell());
  }

  /** Answers with a code from the catalogue, or cuts what has begun. `reset`: the app's own word for it. Idempotent. */
  fail(code: ErrorCode, requestId: string, reset: number | undefined): void {
    if (this.#ended) return;
    if (!this.#canSend) this.#ended = true;
    else if (this.begun) this.#cut(code, requestId, reset);
    else if (reset !== undefined && reset !== NGHTTP2_NO_ERROR) this.reset(reset);
    // The Pod is going, and the client has been told: it asks another one by itself (RFC 9113 8.7).
    else if (this.#context.grpc && code === "POD_STOPPING") this.reset(NGHTTP2_REFUSED_STREAM);
    else this.#refuse(code, requestId);
  }

  reset(code: number): void {
    this.#ended = true;
    resetStream(this.#stream, code);
  }

  dispose(): void {
    clearTimeout(this.#stall);
  }

  get #canSend(): boolean {
    return !this.#stream.destroyed && !this.#stream.closed;
  }

  #cut(code: ErrorCode, requestId: string, reset: number | undefined): void {
    const isTold = reset === undefined && this.#messages?.isBetween === true && !this.#countedBody;
    if (isTold) this.end(grpcTrailers(code, requestId));
    // Not NO_ERROR or CANCEL of ours: some clients would take what they have for the whole.
    else this.reset(reset || NGHTTP2_INTERNAL_ERROR);
  }

  #refuse(code: ErrorCode, requestId: string): void {
    const { status, fields, body } = errorAnswer(code, requestId);
    this.#ended = true;
    if (this.#context.grpc) {
      const told = ["content-type", "application/grpc", ...grpcTrailers(code, requestId)];
      told.push("sluice-error", code, "x-request-id", requestId);
      this.#respond(200, told, { endStream: true });
    } else {
      this.#respond(status, fields, {});
      this.#stream.end(body);
      this.#awaitClient();
    }
    this.status = status;
  }

  #respond(
    status: number,
    fields: string[],
    options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean },
  ): void {
    const stream = this.#stream;
    // To HEAD there is no body: node has ended the stream already, and 'finish' may be over.
    const isOver = stream.writableEnded;
    stream.respond([":status", String(status), ...fields], options);
    if (isOver) setImmediate(() => this.#sent());
    else if (!options.waitForTrailers) stream.on("finish", () => this.#sent());
  }

  #sendTrailers(): void {
    const stream = this.#stream;
    try {
      stream.sendTrailers(fieldsByName(this.#trailers));
    } catch {
      stream.sendTrailers({});
    }
    // node sends them in an immediate of its own, which comes first.
    setImmediate(() => this.#sent());
  }

  #sent(): void {
    this.dispose();
    this.#context.onSent();
  }

  /** What waits for the client is taken in time, or never; the end of the answer included. */
  #awaitClient(): void {
    this.#stall ??= setTimeout(() => this.reset(NGHTTP2_INTERNAL_ERROR), this.#context.stallMs);
  }

  #drained(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (this.#ended) this.#awaitClient();
  }
}
