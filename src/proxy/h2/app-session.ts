// One HTTP/2 connection to the app. Nothing is sent before the app's own preface has shown that it speaks HTTP/2, so that an
// app that does not is told apart from one that failed a request.

import { type ClientHttp2Session, connect } from "node:http2";
import type { Socket } from "node:net";
import type { Destination } from "../admission.ts";
import { connectApp } from "../app-connect.ts";
import type { AppFailure } from "../app-failure.ts";
import type { Limits } from "../limits.ts";
import type { AppStream, Carrier } from "./app-stream.ts";
import { appSessionOptions, CONNECTION_WINDOW_BYTES } from "./session-options.ts";

/** Requests that may wait for a new connection; more take another one. What the app allows is known when it has opened. */
const ASSUMED_STREAMS = 100;
/** A connection that has idled for longer is asked whether it still stands before it is used, ms. */
const PROOF_AFTER_MS = 1000;

export interface AppSessionParts {
  readonly limits: Limits;
  readonly now: () => number;
  readonly accepted: (generation: number) => void;
  readonly closed: () => void;
  /** The stream needs another connection. */
  readonly placeAnew: (stream: AppStream) => void;
}

export class AppSession implements Carrier {
  readonly destination: Destination;
  readonly #parts: AppSessionParts;
  readonly #giveUp: () => void;
  /** Those that wait until it is open, or has proved that it is. */
  #waiting: AppStream[] = [];
  #state: "opening" | "open" | "proving" | "over" = "opening";
  #session: ClientHttp2Session | undefined = undefined;
  #socket: Socket | undefined = undefined;
  #busy = 0;
  #served = 0;
  #idleSince = 0;
  #lastStreamId = Number.POSITIVE_INFINITY;
  #retired = false;

  constructor(destination: Destination, parts: AppSessionParts) {
    const { connectTimeoutMs } = parts.limits;
    this.destination = destination;
    this.#parts = parts;
    this.#giveUp = connectApp(destination, { connectTimeoutMs, readBuffer: undefined }, (socket, failure) => {
      if (failure) this.#failed(failure);
      else if (socket) this.#greet(socket);
    });
  }

  /** Sends the stream, now or as soon as that can be; false: it has no room. */
  take(stream: AppStream): boolean {
    if (this.#retired || this.#state === "over" || this.#session?.closed || this.#session?.destroyed)
      return false;
    if (this.#state === "opening" || this.#state === "proving") {
      if (this.#waiting.length >= this.#room) return false;
      this.#waiting.push(stream);
      return true;
    }
    if (this.#busy >= this.#room) return false;
    if (this.#busy === 0 && this.#parts.now() - this.#idleSince >= PROOF_AFTER_MS) {
      this.#waiting.push(stream);
      this.#prove();
    } else this.#run(stream);
    return true;
  }

  /** Takes no more, and closes as soon as it is idle. */
  retire(): void {
    this.#retired = true;
    if (this.#busy === 0 && this.#waiting.length === 0) this.#close();
  }

  destroy(): void {
    this.#state = "over";
    this.#giveUp();
    this.#session?.destroy();
    this.#socket?.destroy();
  }

  /** Closes it if it has idled for too long. To be called every now and then. */
  look(now: number): void {
    if (this.#state !== "open" || this.#busy > 0) return;
    if (now - this.#idleSince >= this.#parts.limits.appIdleMs) this.#close();
  }

  get hasServed(): boolean {
    return this.#served > 0;
  }

  get isLost(): boolean {
    return this.#socket === undefined || this.#socket.destroyed;
  }

  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  get #room(): number {
    if (!this.#session || this.#state === "opening") return ASSUMED_STREAMS;
    // Where the app allows none for now, nghttp2 waits until it does.
    return Math.max(1, this.#session.remoteSettings.maxConcurrentStreams ?? ASSUMED_STREAMS);
  }

  #greet(socket: Socket): void {
    const { limits, accepted } = this.#parts;
    const { generation } = this.destination;
    this.#socket = socket;
    // Before the session's own listener: by then its streams are told.
    socket.on("close", () => this.#state !== "opening" && this.#lost());
    accepted(generation);
    const session = connect("http://app", { createConnection: () => socket, ...appSessionOptions(limits) });
    this.#session = session;
    const timer = setTimeout(
      () => this.#failed(noHttp2("APP_CONNECT_TIMEOUT", "no SETTINGS in time")),
      limits.connectTimeoutMs,
    );
    session.once("remoteSettings", () => {
      clearTimeout(timer);
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      if (this.#state === "opening") this.#open();
    });
    session.on("goaway", (_code, lastStreamId) => {
      this.#lastStreamId = lastStreamId;
      this.#leave();
    });
    session.on("error", (error) => {
      if (this.#state === "opening") this.#failed(noHttp2("APP_MALFORMED", error.message));
    });
    session.on("close", () => {
      clearTimeout(timer);
      this.#lost();
    });
  }

  #open(): void {
    this.#state = "open";
    this.#idleSince = this.#parts.now();
    for (const stream of this.#waiting.splice(0)) {
      if (stream.isOver) continue;
      if (this.#busy < this.#room) this.#run(stream);
      else this.#parts.placeAnew(stream);
    }
    if (this.#retired && this.#busy === 0) this.#close();
  }

  /** An app that dies, or closes what idles, may have done so a moment ago. */
  #prove(): void {
    this.#state = "proving";
    const timer = setTimeout(() => this.destroy(), this.#parts.limits.connectTimeoutMs);
    this.#session?.ping((error) => {
      clearTimeout(timer);
      if (!error && this.#state === "proving") this.#open();
    });
  }

  #run(stream: AppStream): void {
    if (!this.#session) return;
    this.#busy++;
    stream.run(this.#session, this, () => {
      this.#busy--;
      this.#served++;
      this.#idleSince = this.#parts.now();
      if (this.#retired && this.#busy === 0) this.#close();
    });
  }

  /** The app takes no more streams on it. */
  #leave(): void {
    this.#state = "over";
    this.#parts.closed();
    this.#moveWaiting();
  }

  #close(): void {
    this.#leave();
    this.#session?.close();
  }

  #failed(failure: AppFailure): void {
    this.#state = "over";
    this.#parts.closed();
    for (const stream of this.#waiting.splice(0)) stream.fail(failure);
    this.#session?.destroy();
    this.#socket?.destroy();
  }

  #lost(): void {
    if (this.#state === "opening") this.#failed(noHttp2("APP_CLOSED", "closed before its SETTINGS"));
    else this.#leave();
  }

  #moveWaiting(): void {
    for (const stream of this.#waiting.splice(0)) if (!stream.isOver) this.#parts.placeAnew(stream);
  }
}

/** `answerSeen` where the app has said something else than HTTP/2: it would again. */
function noHttp2(code: AppFailure["code"], cause: string): AppFailure {
  const answerSeen = code === "APP_MALFORMED";
  const hint = answerSeen ? "the app does not speak HTTP/2 (--app-protocol h2c): " : "";
  return { code, refused: false, sentNothing: true, answerSeen, stale: false, cause: `${hint}${cause}` };
}
