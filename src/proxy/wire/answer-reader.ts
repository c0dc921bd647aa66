// Reads the answers on one connection to the app, strictly, and hands them to a sink: heads, and bodies as they came.

import type { AnswerHead } from "./answer-head.ts";
import { ChunkedScan } from "./chunked-scan.ts";
import { BAD, MORE } from "./field-lines.ts";
import type { Request } from "./request.ts";
import { TrailerSection } from "./trailer-section.ts";

export interface AnswerSink {
  readonly request: Pick<Request, "method" | "isTunnel">;
  /** It wants no more of this answer. */
  readonly isGone: boolean;
  /** The body's bytes go on with their chunk framing; else only their data does. For a chunked answer whose head has gone. */
  readonly takesChunks: boolean;
  onInterim(bytes: Buffer, head: AnswerHead): void;
  onHead(bytes: Buffer, head: AnswerHead): void;
  onBody(bytes: Buffer, from: number, to: number): void;
}

/** "more": the answer goes on. "end": it is whole. "bad": it is none; `cause` says why. "upgrade": 101, and a tunnel begins. */
export type ReadResult = "more" | "end" | "bad" | "upgrade";

export class AnswerReader {
  /** How many bytes stand behind the end of the answer. */
  surplus = 0;
  /** The offset up to which the bytes were read. */
  at = 0;
  /** The bytes that were read: those given, or a head that had come in parts. */
  bytes: Buffer;
  cause = "";
  /** Trailers and empty line, where they do not go on as they came. */
  trailers = "";
  /** After the present answer the app keeps the connection. */
  persists = false;
  /** For how long it says so, ms; 0: it does not say. */
  keepAliveMs = 0;
  readonly #head: AnswerHead;
  readonly #maxHeadBytes: number;
  #inBody = false;
  #framing: AnswerHead["framing"] = "none";
  #left = 0;
  #chunks: ChunkedScan | undefined = undefined;
  #section: TrailerSection | undefined = undefined;
  #partial: Buffer | undefined = undefined;

  constructor(head: AnswerHead, maxHeadBytes: number, nothing: Buffer) {
    this.#head = head;
    this.#maxHeadBytes = maxHeadBytes;
    this.bytes = nothing;
  }

  /** The answer's head has been read. */
  get inBody(): boolean {
    return this.#inBody;
  }

  /** The end of the connection is the end of the answer. */
  get endsWithConnection(): boolean {
    return this.#inBody && this.#framing === "until-close";
  }

  /** At least so many bytes of the body are still to come. */
  get left(): number {
    return this.#inBody && this.#framing === "counted" ? this.#left : 0;
  }

  /** The next answer begins. */
  reset(): void {
    this.#inBody = false;
    this.#partial = undefined;
    this.#section = undefined;
    this.trailers = "";
  }

  /** Reads on in the first `length` bytes. Ends early when the sink has left. */
  read(given: Buffer, length: number, sink: AnswerSink): ReadResult {
    let to = length;
    this.bytes = given;
    this.at = 0;
    if (this.#partial) {
      this.bytes = Buffer.concat([this.#partial, given.subarray(0, length)]);
      to = this.bytes.length;
      this.#partial = undefined;
    }
    while (!this.#inBody) {
      const result = this.#readHead(sink, to);
      if (result !== "end") return result;
      if (sink.isGone) return "more";
    }
    const result = this.#readBody(sink, to);
    this.surplus = to - this.at;
    return result;
  }

  /** "end": a head has been read. */
  #readHead(sink: AnswerSink, to: number): ReadResult {
    const head = this.#head;
    const { scan } = head;
    const end = scan.scan(this.bytes, this.at, to);
    if (end === MORE) {
      this.#partial = Buffer.from(this.bytes.subarray(this.at, to));
      return "more";
    }
    if (end === BAD) return this.#bad(`the app's head: ${scan.cause}`);
    if (!head.read(this.bytes, sink.request.method))
      return this.#bad("the app's head: contradictory framing");
    this.at = end;
    if (scan.status === 101) {
      return sink.request.isTunnel && head.opensWebSocket ? "upgrade" : this.#bad("101 without being asked");
    }
    if (scan.status < 200) {
      sink.onInterim(this.bytes, head);
      return "end";
    }
    this.#inBody = true;
    this.persists = head.persists && head.framing !== "until-close";
    this.keepAliveMs = head.keepAliveMs;
    this.#framing = head.framing;
    this.#left = head.length;
    if (head.framing === "chunked") {
      this.#chunks ??= new ChunkedScan();
      this.#chunks.reset();
    }
    sink.onHead(this.bytes, head);
    return "end";
  }

  #readBody(sink: AnswerSink, to: number): ReadResult {
    const { at, bytes } = this;
    switch (this.#framing) {
      case "none":
        return "end";
      case "until-close":
        this.at = to;
        if (at < to) sink.onBody(bytes, at, to);
        return "more";
      case "counted": {
        const end = Math.min(to, at + this.#left);
        this.#left -= end - at;
        this.at = end;
        if (at < end) sink.onBody(bytes, at, end);
        return this.#left === 0 ? "end" : "more";
      }
      case "chunked":
        return this.#readChunks(sink, to);
    }
  }

  #readChunks(sink: AnswerSink, to: number): ReadResult {
    const { bytes, at } = this;
    const chunks = this.#chunks!;
    const isFresh = !this.#section;
    const { takesChunks } = sink;
    let end = at;
    if (!this.#section) {
      end = takesChunks
        ? chunks.walk(bytes, at, to)
        : chunks.walk(bytes, at, to, (from, until) => sink.onBody(bytes, from, until));
      this.at = end;
      if (chunks.phase === "broken") return this.#bad("the app's chunks");
      if (chunks.phase !== "trailers") {
        if (takesChunks) this.#passChunks(chunks, sink, at, end);
        return "more";
      }
      this.#section = new TrailerSection();
    }
    const section = this.#section;
    const after = section.take(bytes, end, to, this.#head.scan.lines, this.#maxHeadBytes);
    if (after === BAD) return this.#bad("the app's trailers");
    // No trailers, and all of it is here: the bytes go on as they came.
    const isPlain = isFresh && after === end + 2;
    if (takesChunks) {
      if (isFresh) this.#passChunks(chunks, sink, at, isPlain ? after : end);
      else if (at < end) sink.onBody(bytes, at, end);
    }
    this.at = after === MORE ? to : after;
    if (after === MORE) return "more";
    this.trailers = isPlain || !takesChunks ? "" : section.text;
    return "end";
  }

  #passChunks(chunks: ChunkedScan, sink: AnswerSink, from: number, to: number): void {
    if (chunks.gaps.length > 0) chunks.pass(from, to, (at, until) => sink.onBody(this.bytes, at, until));
    else if (from < to) sink.onBody(this.bytes, from, to);
  }

  #bad(cause: string): ReadResult {
    this.cause = cause;
    return "bad";
  }
}
