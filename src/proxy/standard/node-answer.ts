// The app's answer as node's own HTTP client hands it over, passed to a sink, with the limits on silence.

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "../../errors.ts";
import type { AppSink } from "./app-call.ts";

export class NodeAnswer {
  readonly #sink: AppSink;
  readonly #timeoutMs: number;
  readonly #socket: () => Socket | undefined;
  #incoming: IncomingMessage | undefined = undefined;
  #silence: NodeJS.Timeout | undefined = undefined;
  #over = false;
  /** Whether what is waited for before its answer is the app's to do; else its silence is not counted. */
  isAppsTurn: () => boolean = () => true;

  constructor(sink: AppSink, timeoutMs: number, socket: () => Socket | undefined) {
    this.#sink = sink;
    this.#timeoutMs = timeoutMs;
    this.#socket = socket;
  }

  /** From now on the app's silence is counted. */
  expect(): void {
    if (!this.#over) this.#silence ??= setTimeout(() => this.#passed(), this.#timeoutMs);
  }

  /** Something has gone to the app: its silence begins anew. */
  progress(): void {
    this.#silence?.refresh();
  }

  #passed(): void {
    if (this.#incoming || this.isAppsTurn()) this.fail("APP_TIMEOUT", "silence");
    else this.#silence?.refresh();
  }

  interim(status: number, rawHeaders: string[]): void {
    if (this.#over) return;
    this.#silence?.refresh();
    this.#sink.onInterim(status, rawHeaders);
  }

  take(incoming: IncomingMessage): void {
    if (this.#over) {
      incoming.destroy();
      return;
    }
    this.#incoming = incoming;
    this.expect();
    incoming.on("data", (chunk: Buffer) => {
      if (this.#over) return;
      this.#silence?.refresh();
      if (this.#sink.onData(chunk)) return;
      incoming.pause();
      this.#disarm();
    });
    incoming.on("end", () => {
      if (!incoming.complete || this.#over) return;
      this.stop();
      this.#sink.onEnd(incoming.rawTrailers);
    });
    incoming.on("error", (error) => this.fail("APP_CLOSED", error.message));
    incoming.on("close", () => this.fail("APP_CLOSED", "closed in its answer"));
    this.#silence?.refresh();
    this.#sink.onHead(incoming.statusCode ?? 0, incoming.statusMessage ?? "", incoming.rawHeaders);
  }

  resume(): void {
    this.expect();
    this.#incoming?.resume();
  }

  /** Nothing more goes to the sink. */
  stop(): void {
    this.#over = true;
    this.#disarm();
  }

  fail(code: ErrorCode, cause: string): void {
    // What follows a whole answer is for nobody, and spoils nothing.
    if (this.#over || this.#incoming?.complete) return;
    this.stop();
    this.#incoming?.destroy();
    const { bytesWritten = 0, bytesRead = 0 } = this.#socket() ?? {};
    this.#sink.onFailure({
      code,
      refused: false,
      sentNothing: bytesWritten === 0,
      answerSeen: bytesRead > 0,
      stale: false,
      cause,
    });
  }

  #disarm(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }
}

/** What an error of node's HTTP client means. */
export function nodeErrorCode(error: NodeJS.ErrnoException): ErrorCode {
  return error.code?.startsWith("HPE_") ? "APP_MALFORMED" : "APP_CLOSED";
}
