// The answer to one client, over node's ServerResponse. One ladder for every answer that fails: ended: nothing; begun: cut;
// else a status and a code.

import { type ServerResponse, STATUS_CODES } from "node:http";
import type { ErrorCode } from "../../errors.ts";
import { endsConnection, errorAnswer } from "../error-answer.ts";
import { answerFraming, framingOf } from "../framing.ts";
import { responseFields } from "../headers/response.ts";
import { trailerFields } from "../headers/trailers.ts";

export interface AppHead {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: string[];
}

export interface AnswerContext {
  readonly method: string;
  /** "1.0" or "1.1". */
  readonly httpVersion: string;
  readonly via: boolean;
  /** Longest time for which the client may take nothing of what waits for it, ms. */
  readonly stallMs: number;
}

export class ClientAnswer {
  /** The status that was sent; 0: none yet. */
  status = 0;
  readonly #response: ServerResponse;
  readonly #context: AnswerContext;
  #chunked = false;
  #countedBody = false;
  #flushed = false;
  #ended = false;
  #stall: NodeJS.Timeout | undefined = undefined;

  constructor(response: ServerResponse, context: AnswerContext) {
    this.#response = response;
    this.#context = context;
  }

  get begun(): boolean {
    return this.status !== 0;
  }

  /** It told the client that it is the last of its connection. */
  closes = false;

  /** The message has a visible end of its own, so that it can be ended early without looking whole by its length. */
  get canEndEarly(): boolean {
    return this.begun && !this.#ended && !this.#countedBody;
  }

  /** The client leaves unread what it was sent already. */
  get isCrowded(): boolean {
    return this.#response.writableNeedDrain || (this.#response.socket?.writableNeedDrain ?? false);
  }

  /** An interim answer (RFC 9110 15.2); HTTP/1.0 clients know none. Throws if a field cannot be sent. */
  interim(status: number, rawHeaders: string[]): void {
    if (this.begun || this.#context.httpVersion !== "1.1") return;
    const { via } = this.#context;
    this.#response.writeInformation(
      status,
      responseFields(rawHeaders, { via, keepUpgrade: false, chunked: false }),
    );
  }

  sendContinue(): void {
    if (!this.begun) this.#response.writeContinue();
  }

  /** Begins the answer with the app's head. Throws if it cannot be sent; nothing has been sent then. */
  begin(head: AppHead, close: boolean): void {
    const { method, httpVersion, via } = this.#context;
    const { status } = head;
    const framing = answerFraming({ ...head, method });
    this.#chunked = httpVersion === "1.1" && (framing.kind === "chunked" || framing.kind === "until-close");
    this.#countedBody = framing.kind === "counted";
    const fields = responseFields(head.rawHeaders, {
      via,
      keepUpgrade: status === 426,
      chunked: this.#chunked,
    });
    // What HEAD and 304 say of the length is about another answer (RFC 9110 8.6); 204 must not say any.
    const said = framingOf(head.rawHeaders, "1.1");
    if (said.kind === "counted" && status !== 204) fields.push("Content-Length", String(said.length));
    this.#writeHead(
      status,
      isReason(head.reason) ? head.reason : (STATUS_CODES[status] ?? ""),
      fields,
      close,
    );
    // The head goes out with the first bytes of the body if they are there already, else by itself.
    queueMicrotask(() => this.#flush());
  }

  /** False: the client is slower than the app; 'drain' tells when to go on. */
  write(chunk: Buffer): boolean {
    this.#flushed = true;
    if (this.#response.write(chunk)) return true;
    this.#limitStall();
    return false;
  }

  drained(): void {
    if (this.#ended) this.#stall?.refresh();
    else this.dispose();
  }

  end(rawTrailers: string[]): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#flushed = true;
    if (this.#chunked && rawTrailers.length > 0)
      this.#response.addTrailers(pairs(trailerFields(rawTrailers)));
    this.#response.end();
    this.#limitStall();
  }

  /** Answers with a code from the catalogue, or cuts what has begun. Idempotent. */
  fail(code: ErrorCode, requestId: string, close: boolean): void {
    if (this.#ended) return;
    if (this.begun) {
      this.cut();
      return;
    }
    this.#ended = true;
    this.#flushed = true;
    const { status, fields, body } = errorAnswer(code, requestId);
    this.#writeHead(status, STATUS_CODES[status] ?? "", fields, close || endsConnection(code));
    this.#response.end(body);
    this.#limitStall();
  }

  /** Ends the client's connection in the middle of the answer, so that it cannot be taken for a whole one. */
  cut(): void {
    const { socket } = this.#response;
    // Where the end of the connection ends the answer, FIN would say that it is whole.
    if (this.#context.httpVersion === "1.0" && this.begun && !this.#countedBody) socket?.resetAndDestroy();
    else socket?.destroy();
    this.#response.destroy();
  }

  dispose(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }

  /** A client that takes nothing of what waits for it, not even the end, is not waited for beyond its time. */
  #limitStall(): void {
    this.#stall ??= setTimeout(() => this.cut(), this.#context.stallMs);
  }

  #writeHead(status: number, reason: string, fields: string[], close: boolean): void {
    const response = this.#response;
    // Without a length only the end of the connection ends an answer to HTTP/1.0: node closes it then, asked or not.
    const hasEnd =
      this.#context.httpVersion === "1.1" ||
      fields.some((name, i) => i % 2 === 0 && /^content-length$/i.test(name));
    this.closes = close || !hasEnd || !response.shouldKeepAlive;
    if (close) fields.push("Connection", "close");
    // To a 1.1 client persistence is the default and need not be said (RFC 9112 9.3).
    else if (this.#context.httpVersion === "1.1" && response.shouldKeepAlive)
      response.removeHeader("connection");
    response.writeHead(status, reason, fields);
    this.status = status;
  }

  #flush(): void {
    if (this.#flushed) return;
    this.#flushed = true;
    // As latin1, which flushHeaders forgets.
    this.#response.write("", "latin1");
  }
}

/** RFC 9112 4: HTAB, SP, visible ASCII, obs-text. */
function isReason(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]+$/.test(text);
}

function pairs(fields: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) out.push([fields[i]!, fields[i + 1]!]);
  return out;
}
