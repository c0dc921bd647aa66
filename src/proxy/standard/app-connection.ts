// One connection to the app, carried by an undici Client that never opens another. undici enters sluice here and nowhere
// else.

import type { Socket } from "node:net";
import { type buildConnector, Client, type Dispatcher } from "undici";
import type { ErrorCode } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import type { AppCall, AppSink, Order } from "./app-call.ts";

/** How long before the end of an app's announced `Keep-Alive: timeout` its connection is given up, ms. */
const KEEP_ALIVE_MARGIN_MS = 1000;

export interface ConnectionOwner {
  /** The call is over; the connection may serve again if it is still usable. */
  released(connection: AppConnection): void;
  /** The app, or the kernel for it, has closed its side. */
  endedByApp(connection: AppConnection): void;
  closed(connection: AppConnection): void;
}

export class AppConnection {
  readonly socket: Socket;
  /** When the last call on it ended, ms; meaningful while it is idle. */
  idleSince = 0;
  /** How long it had idled when the present call took it, ms. */
  idledMs = 0;
  /** The answer to the present call has begun. */
  answering = false;
  /** How many calls it has served. */
  served = 0;
  readonly #client: Client;
  readonly #owner: ConnectionOwner;
  #handed = false;
  #closing = false;
  #byApp = false;

  constructor(origin: string, socket: Socket, limits: Limits, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    this.#client = new Client(origin, {
      pipelining: 1,
      maxHeaderSize: limits.maxHeadBytes,
      headersTimeout: limits.responseTimeoutMs,
      bodyTimeout: limits.responseTimeoutMs,
      keepAliveTimeout: limits.appIdleMs,
      keepAliveMaxTimeout: limits.appIdleMs,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      connect: (_options, callback) => this.#connect(callback),
    });
    socket.on("end", () => this.#noteApp());
    // undici destroys sockets with errors of its own, which say nothing about the app.
    socket.on("error", (error: NodeJS.ErrnoException) => error.code?.startsWith("UND_") || this.#noteApp());
    socket.on("close", () => owner.closed(this));
  }

  get usable(): boolean {
    return !this.socket.destroyed && this.socket.writable && !this.#byApp;
  }

  send(order: Order, sink: AppSink, call: UndiciCall): void {
    call.dispatch(this.#client, this, order, sink);
  }

  release(): void {
    this.served++;
    this.#owner.released(this);
  }

  /**
   * With an error: to undici a socket that closes without one, in an answer that ends with its connection, is the end of that
   * answer, and an assertion fails if the request is over already.
   */
  destroy(): void {
    this.#closing = true;
    this.socket.destroy(new Error("given up"));
  }

  /** undici asks for a new connection when this one has ended before the request was written: that is news, not a wish. */
  #connect(callback: buildConnector.Callback): void {
    if (this.#handed || this.socket.destroyed) {
      callback(new Error("the connection has closed"), null);
      return;
    }
    this.#handed = true;
    // Not at once: undici would miss that it may go on.
    queueMicrotask(() => callback(null, this.socket));
  }

  #noteApp(): void {
    if (this.#closing || this.#byApp) return;
    this.#byApp = true;
    this.#owner.endedByApp(this);
  }
}

/** One request on an AppConnection. */
export class UndiciCall implements AppCall, Dispatcher.DispatchHandler {
  #connection: AppConnection | undefined = undefined;
  #sink: AppSink | undefined = undefined;
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #writtenBefore = 0;
  #readBefore = 0;
  #stale = false;
  #over = false;
  /** Gives up the connect, while there is no connection yet. */
  giveUp: (() => void) | undefined = undefined;

  dispatch(client: Client, connection: AppConnection, order: Order, sink: AppSink): void {
    this.giveUp = undefined;
    this.#connection = connection;
    this.#sink = sink;
    this.#stale = connection.served > 0;
    this.#writtenBefore = connection.socket.bytesWritten;
    this.#readBefore = connection.socket.bytesRead;
    const { method, target: path, fields, body, contentLength } = order;
    client.dispatch(
      {
        path,
        method,
        // undici writes Content-Length from this, and chunked framing where a body has none.
        headers: contentLength === undefined ? fields : [...fields, "Content-Length", contentLength],
        body: body ? body.open() : null,
      },
      this,
    );
  }

  get written(): boolean {
    const connection = this.#connection;
    return connection !== undefined && connection.socket.bytesWritten > this.#writtenBefore;
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    this.#sink = undefined;
    this.giveUp?.();
    // Once the answer is whole the connection is somebody else's.
    if (!this.#over) this.#connection?.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason?: string,
  ): void {
    if (this.#connection) this.#connection.answering = true;
    const raw = fieldsOf(controller.rawHeaders);
    if (status >= 100 && status < 200) this.#sink?.onInterim(status, raw);
    else this.#sink?.onHead(status, reason ?? "", raw);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink?.onData(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const sink = this.#sink;
    const connection = this.#connection;
    this.#sink = undefined;
    this.#over = true;
    // undici closes the connection, where it must not serve again, after this returns.
    if (connection) queueMicrotask(() => connection.release());
    sink?.onEnd(fieldsOf(controller.rawTrailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const sink = this.#sink;
    this.#sink = undefined;
    const { written } = this;
    const connection = this.#connection;
    // Nothing is known of what is still on the wire: the connection never serves again.
    connection?.destroy();
    sink?.onFailure({
      code: codeOf(error, connection?.answering ?? false),
      refused: false,
      sentNothing: !written,
      answerSeen: connection !== undefined && connection.socket.bytesRead > this.#readBefore,
      stale: this.#stale,
      cause: `${"code" in error ? `${error.code}: ` : ""}${error.message}`,
    });
  }
}

/** Field lines as latin1 strings: undici hands them over as bytes, with the whitespace behind values (RFC 9110 5.5). */
function fieldsOf(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((text: unknown) =>
    withoutTail(Buffer.isBuffer(text) ? text.toString("latin1") : String(text)),
  );
}

function withoutTail(text: string): string {
  return text.endsWith(" ") || text.endsWith("\t") ? text.replace(/[ \t]+$/, "") : text;
}

function codeOf(error: Error & { code?: unknown }, answering: boolean): ErrorCode {
  const code = String(error.code ?? "");
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") return "APP_TIMEOUT";
  // A parser's error carries no code of its own where undici's table lacks it.
  if (code === "UND_ERR_HEADERS_OVERFLOW" || error.name === "HTTPParserError") return "APP_MALFORMED";
  // Before the head is whole it means that the head contradicts itself, later that the body has ended early.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" && !answering) return "APP_MALFORMED";
  if (code === "UND_ERR_SOCKET" && error.message.startsWith("bad ")) return "APP_MALFORMED";
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return "INTERNAL";
  return "APP_CLOSED";
}
