// One connection to the app. It serves one exchange at a time, and is given up as soon as anything on it is not what was asked for.

import { connect, type Socket } from "node:net";
import type { ErrorCode } from "../../errors.ts";
import type { Destination } from "../admission.ts";
import { Alarm } from "./alarm-clock.ts";
import { AnswerBuffer } from "./answer-buffer.ts";
import { AnswerReader } from "./answer-reader.ts";
import type { House } from "./house.ts";
import { LastWords } from "./last-words.ts";
import type { BodyTarget } from "./request-body.ts";
import type { ConnectionOwner, Raw, Served } from "./served.ts";

const NOTHING = Buffer.alloc(0);

export class AppConnection implements BodyTarget {
  readonly socket: Socket;
  readonly buffer: AnswerBuffer;
  /** When its last exchange ended, ms; meaningful while it is idle. */
  idleSince = 0;
  /** How long it had idled when the present exchange took it, ms. */
  idledMs = 0;
  /** The app said that it keeps it no longer than this, ms; 0: it did not say. */
  keptMs = 0;
  /** A byte of the present answer has come. */
  answering = false;
  /** How many exchanges it has served. */
  served = 0;
  readonly #house: House;
  readonly #owner: ConnectionOwner;
  readonly #reader: AnswerReader;
  readonly #alarm: Alarm;
  readonly #lastWords: LastWords;
  #exchange: Served | undefined;
  #raw: Raw | undefined = undefined;
  #open = false;
  #closing = false;
  #byApp = false;

  /** Dials; `exchange` is told by `onOpen` or `onFailure`. */
  constructor(destination: Destination, house: House, owner: ConnectionOwner, exchange: Served) {
    this.#house = house;
    this.#owner = owner;
    this.#exchange = exchange;
    this.#reader = new AnswerReader(house.answerHead, house.parts.limits.maxHeadBytes, NOTHING);
    this.buffer = new AnswerBuffer(house.buffers);
    this.#alarm = new Alarm(() => this.#onAlarm());
    const socket = connect({
      host: destination.host,
      port: destination.port,
      noDelay: true,
      onread: {
        buffer: () => this.buffer.next(this.#exchange ? this.#reader : undefined),
        callback: (length: number, bytes: Uint8Array) => this.#onRead(length, bytes as Buffer),
      },
    });
    this.socket = socket;
    this.#lastWords = new LastWords(socket);
    socket.on("connect", () => this.#onConnect());
    socket.on("drain", () => this.#onDrain());
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
    socket.on("close", () => this.#onClose());
    house.waits.connect.start(this.#alarm);
  }

  /** It may serve an exchange now. */
  get usable(): boolean {
    return this.#open && !this.#byApp && !this.#closing && this.socket.writable;
  }

  /** An idle connection takes an exchange, which writes its head next. */
  serve(exchange: Served): void {
    this.#exchange = exchange;
    exchange.attempts.send(this);
  }

  /** The exchange's head, with what has come of its body, has been written: from now on the app is listened to. */
  expectAnswer(): void {
    this.#reader.reset();
    this.answering = false;
    this.#house.waits.response.start(this.#alarm);
  }

  write(part: Buffer): boolean {
    if (this.#lastWords.areDue) return true;
    // The time for its answer counts from the last byte on.
    if (this.#alarm.isSet) this.#house.waits.response.start(this.#alarm);
    return this.#house.writes.write(this.socket, "", part, 0, part.length);
  }

  /** The client is slower than the app. */
  pause(): void {
    this.#alarm.stop();
    this.socket.pause();
  }

  resume(): void {
    if (this.#exchange) this.#house.waits.response.start(this.#alarm);
    this.socket.resume();
  }

  /** Closes it now; the exchange, if any, is told nothing more. */
  destroy(): void {
    this.#closing = true;
    this.#exchange = undefined;
    this.#alarm.stop();
    this.socket.destroy();
  }

  /** From now on the bytes go to `raw`. */
  becomeRaw(raw: Raw): void {
    this.#exchange = undefined;
    this.#raw = raw;
    this.#lastWords.forgo();
    this.#alarm.stop();
  }

  #onConnect(): void {
    this.#open = true;
    this.#alarm.stop();
    this.#owner.opened(this);
    this.#exchange?.attempts.send(this);
  }

  #onRead(length: number, bytes: Buffer): boolean {
    try {
      return this.#take(length, bytes);
    } catch (error) {
      // A defect is that request's, not everyone's.
      this.#house.parts.observer.trouble(error as Error, "a connection to the app was given up");
      this.#fail("INTERNAL", String(error));
      return false;
    }
  }

  #take(length: number, bytes: Buffer): boolean {
    this.buffer.lastRead = length;
    if (this.#raw) {
      this.#raw.fromApp(Buffer.from(bytes.subarray(0, length)));
      return true;
    }
    const exchange = this.#exchange;
    if (!exchange?.attempts.isSent) {
      // Nothing was asked: whatever this answers, it is not the next request.
      this.#fail("APP_MALFORMED", "the app spoke before it was asked");
      return false;
    }
    this.answering = true;
    this.#house.waits.response.start(this.#alarm);
    const reader = this.#reader;
    const result = reader.read(bytes, length, exchange);
    if (this.#exchange !== exchange) return !this.#closing;
    if (result === "more") exchange.onReadDone();
    else if (result === "end") this.#end(exchange);
    else if (result === "upgrade") this.#upgrade(exchange, length);
    else this.#fail("APP_MALFORMED", reader.cause);
    return true;
  }

  #end(exchange: Served): void {
    const reader = this.#reader;
    this.#exchange = undefined;
    this.#alarm.stop();
    this.served++;
    this.keptMs = reader.keepAliveMs;
    // An app that has not taken the whole request yet would read the rest of it as the next one; and what it says unasked is no answer.
    const isReusable =
      reader.persists &&
      !this.#lastWords.areDue &&
      reader.surplus === 0 &&
      exchange.request.isComplete &&
      this.socket.writableLength === 0;
    // First, so that a request that waits behind this one can take it.
    if (isReusable) this.#owner.released(this);
    else this.destroy();
    exchange.onEnd(reader.trailers);
    this.buffer.isTaken = !exchange.isPending;
  }

  #upgrade(exchange: Served, length: number): void {
    const { bytes, at } = this.#reader;
    const rest = bytes.subarray(at, bytes === this.buffer.current ? length : bytes.length);
    exchange.onUpgrade(this, bytes, this.#house.answerHead, Buffer.from(rest));
  }

  #onDrain(): void {
    if (this.#raw) this.#raw.appDrained();
    else if (this.#exchange) {
      if (this.#alarm.isSet) this.#house.waits.response.start(this.#alarm);
      this.#exchange.onRoom();
    }
  }

  #onEnd(): void {
    const exchange = this.#exchange;
    if (this.#raw) this.#raw.appEnded();
    else if (exchange && this.#reader.endsWithConnection) {
      this.#exchange = undefined;
      this.destroy();
      exchange.onEnd("");
    } else {
      this.#lost(this.answering ? "closed in its answer" : "closed before its answer");
    }
  }

  #onError({ code, syscall, message }: NodeJS.ErrnoException): void {
    const cause = code ?? message;
    if (!this.#open) this.#fail("APP_UNREACHABLE", `connect: ${cause}`, code === "ECONNREFUSED");
    else if (syscall !== "write" || !this.#exchange || !this.#lastWords.hear(() => this.#lost(cause)))
      this.#lost(cause);
  }

  #onClose(): void {
    this.#alarm.stop();
    this.#owner.closed(this);
    if (this.#raw) this.#raw.appClosed();
    else this.#fail("APP_CLOSED", "closed");
  }

  #onAlarm(): void {
    if (!this.#open) this.#fail("APP_CONNECT_TIMEOUT", "connect timed out");
    else if (this.#exchange?.isAppsTurn || this.socket.writableLength > 0)
      this.#fail("APP_TIMEOUT", "silence");
    else if (this.#exchange) this.#house.waits.response.start(this.#alarm);
  }

  /** The app has ended it. */
  #lost(cause: string): void {
    if (!this.#closing && !this.#byApp) {
      this.#byApp = true;
      this.#owner.endedByApp(this);
    }
    this.#fail("APP_CLOSED", cause);
  }

  #fail(code: ErrorCode, cause: string, refused = false): void {
    const exchange = this.#exchange;
    this.destroy();
    if (!exchange) return;
    exchange.attempts.failed({
      code,
      refused,
      sentNothing: !exchange.attempts.isSent,
      answerSeen: this.answering,
      stale: this.served > 0,
      cause,
    });
  }
}
