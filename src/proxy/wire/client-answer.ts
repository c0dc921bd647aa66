// The answer to one client. What comes with one read of the app is put together and goes out in one write; large bodies go
// straight from the buffer into which they were read. One ladder for every answer that fails: ended: nothing; begun: cut; else a
// status and a code.

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "../../errors.ts";
import { endsConnection, errorAnswer } from "../error-answer.ts";
import type { AnswerHead } from "./answer-head.ts";
import { rewriteAnswer, rewriteInterim } from "./answer-rewrite.ts";
import type { DateLine } from "./date-line.ts";
import type { House } from "./house.ts";
import { linesOf } from "./kept-lines.ts";
import type { WriteBuffer } from "./write-buffer.ts";

/** Up to this size a write is text, which node encodes on its stack and hands to the kernel at once, bytes. */
const TEXT_BYTES = 16 * 1024;
const LAST_CHUNK = "0\r\n\r\n";

export interface AnswerContext {
  readonly method: string;
  /** HTTP/1.x */
  readonly minor: number;
  /** The client's connection may serve further requests, as far as the client is concerned. */
  readonly persists: boolean;
  readonly requestId: string;
}

/** "pass": as it came. "wrap": as chunks of ours. "data": the data only; the end of the connection ends it. */
type Mode = "pass" | "wrap" | "data";

export class ClientAnswer {
  /** The status that was sent; 0: none yet. */
  status = 0;
  /** It told the client that it is the last of its connection. */
  closes = false;
  ended = false;
  readonly #socket: Socket;
  readonly #via: boolean;
  readonly #date: DateLine;
  readonly #writes: WriteBuffer;
  readonly #onTaken: (error?: Error | null) => void;
  #mode: Mode = "pass";
  /** Text that goes out with the next write. */
  #pending = "";
  /** Something of the answer has been written. */
  #isOut = false;
  /** Writes straight from a read buffer that are under way. */
  #borrowed = 0;

  /** `onTaken`: what was written has been taken, where the caller was told to wait for that. */
  constructor(socket: Socket, { parts, date, writes }: House, onTaken: () => void) {
    this.#socket = socket;
    this.#via = parts.via;
    this.#date = date;
    this.#writes = writes;
    this.#onTaken = (error) => {
      this.#borrowed--;
      if (!error && this.#borrowed === 0) onTaken();
    };
  }

  /** For the next request of the connection. */
  reset(): void {
    this.status = 0;
    this.closes = false;
    this.ended = false;
    this.#pending = "";
    this.#isOut = false;
  }

  get begun(): boolean {
    return this.status !== 0;
  }

  /** Its end is ours to say, wherever the app is, so that it can be ended early without looking whole by its length. */
  get canEndEarly(): boolean {
    return this.begun && !this.ended && this.#mode !== "pass";
  }

  /** A chunked body passes with its framing. */
  get takesChunks(): boolean {
    return this.#mode === "pass";
  }

  /** The client is slower than the app: nothing more until what was written has been taken. */
  get isFull(): boolean {
    return (this.#borrowed > 0 && this.isPending) || this.#socket.writableNeedDrain;
  }

  /** What was written is still on its way. */
  get isPending(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** An interim answer (RFC 9110 15.2); HTTP/1.0 clients know none. */
  interim(bytes: Buffer, head: AnswerHead, { minor }: AnswerContext): void {
    if (!this.begun && minor === 1) this.#socket.write(rewriteInterim(bytes, head, this.#via), "latin1");
  }

  sendContinue(): void {
    if (!this.begun) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
  }

  /** Begins the answer with the app's head; it goes out with the first bytes of the body if they are there, else with `flush`. */
  begin(bytes: Buffer, head: AnswerHead, { minor, persists }: AnswerContext, isLast: boolean): void {
    const { framing } = head;
    const hasEnd = framing === "none" || framing === "counted";
    // An event stream may have to be ended while the app is in the middle of a chunk of its own.
    const isOurs = framing === "until-close" || (framing === "chunked" && head.isEventStream);
    if (minor === 1) this.#mode = isOurs ? "wrap" : "pass";
    else this.#mode = hasEnd ? "pass" : "data";
    this.closes = isLast || !persists || (minor === 0 && !hasEnd);
    const keepAlive = minor === 0 ? "keep-alive" : undefined;
    this.status = head.scan.status;
    this.#pending = rewriteAnswer(bytes, head, {
      via: this.#via,
      chunked: minor === 1 && !hasEnd,
      connection: this.closes ? "close" : keepAlive,
      date: this.#date.text,
    });
  }

  /** `fleeting`: the bytes must be sent or copied before this returns. */
  body(bytes: Buffer, from: number, to: number, fleeting: boolean): void {
    const size = to - from;
    if (this.#mode === "wrap") this.#pending += `${size.toString(16)}\r\n`;
    if (this.#pending.length + size <= TEXT_BYTES) this.#pending += bytes.toString("latin1", from, to);
    else if (!fleeting && this.#pending === "") {
      this.#borrowed++;
      this.#isOut = true;
      this.#socket.write(bytes.subarray(from, to), this.#onTaken);
    } else {
      const text = this.#pending;
      this.#pending = "";
      this.#isOut = true;
      this.#writes.write(this.#socket, text, bytes, from, to);
    }
    if (this.#mode === "wrap") this.#pending += "\r\n";
  }

  /** Sends what was put together. */
  flush(): void {
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#isOut = true;
    this.#socket.write(text, "latin1");
  }

  /** `trailers`: the text that ends a chunked message, where it has not come with the body. */
  end(trailers: string): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#mode === "wrap") this.#pending += LAST_CHUNK;
    else if (this.#mode === "pass") this.#pending += trailers;
    this.flush();
  }

  /** Ends the connection so that what has gone out cannot be taken for the whole. */
  cut(): void {
    // Where the end of the connection ends the answer, FIN would say that it is whole.
    if (this.#mode === "data" && this.#isOut) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Answers with a code from the catalogue, or cuts what has begun. */
  fail(code: ErrorCode, { requestId, method, minor, persists }: AnswerContext, isLast: boolean): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#isOut) {
      this.cut();
      return;
    }
    // A head that waited for its first write has not been said.
    this.#pending = "";
    this.closes = isLast || !persists || endsConnection(code);
    const keepAlive = minor === 0 ? "keep-alive" : undefined;
    this.status = writeError(this.#socket, code, requestId, {
      date: this.#date.text,
      connection: this.closes ? "close" : keepAlive,
      hasBody: method !== "HEAD",
    });
  }
}

interface ErrorForm {
  readonly date: string;
  readonly connection: "close" | "keep-alive" | undefined;
  readonly hasBody: boolean;
}

/** Writes the whole answer for that code. Returns its status. */
export function writeError(socket: Socket, code: ErrorCode, requestId: string, form: ErrorForm): number {
  const { status, fields, body } = errorAnswer(code, requestId);
  const connection = form.connection === undefined ? "" : `Connection: ${form.connection}\r\n`;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${form.date}${linesOf(fields)}${connection}\r\n`;
  socket.write(form.hasBody ? head + body.toString("latin1") : head, "latin1");
  return status;
}
