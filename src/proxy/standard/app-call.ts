// One attempt to have the app answer a request, whichever client library carries it.

import type { Destination } from "../admission.ts";
import type { AppFailure } from "../app-failure.ts";
import type { RequestBody } from "./request-body.ts";

/** What is sent to the app. */
export interface Order {
  readonly method: string;
  /** Origin form, or "*". */
  readonly target: string;
  /** [name, value, ...] without framing. */
  readonly fields: string[];
  readonly body: RequestBody | undefined;
  /** Content-Length as the client sent it; undefined without one. With a body and no length it goes out chunked. */
  readonly contentLength: string | undefined;
  /** The client waits for a 100 before it sends its body: the app is to say it (RFC 9110 10.1.1). */
  readonly expects: boolean;
  /** The app may be silent for as long as it likes: how long to wait is between the two ends (gRPC has deadlines of its own). */
  readonly isPatient: boolean;
  /** Raw trailer fields of the body, to be asked for at its end. */
  readonly trailers: (() => string[]) | undefined;
}

/** How requests reach the app: over one protocol, by connections that are kept per generation. */
export interface AppSide {
  /** Sends the order. `once`: it may not be sent twice, so it takes a connection that is beyond doubt. */
  send(destination: Destination, order: Order, once: boolean, sink: AppSink): AppCall;
  /** Closes the generation's idle connections, and those in use as soon as they are idle. */
  retire(generation: number): void;
  /** Closes all of that. Idempotent. */
  destroy(): void;
}

/** Takes what the app says. After `onEnd` or `onFailure`, and after `abort` of the call, nothing more comes. */
export interface AppSink {
  onInterim(status: number, rawHeaders: string[]): void;
  /** `isWhole`: nothing follows, and the client must be able to tell by the head alone (trailers-only answers of gRPC). */
  onHead(status: number, reason: string, rawHeaders: string[], isWhole?: boolean): void;
  /** False: no more until `resume`. */
  onData(chunk: Buffer): boolean;
  onEnd(rawTrailers: string[]): void;
  onFailure(failure: AppFailure): void;
}

export interface AppCall {
  /** Whether any byte of the request was handed to the app's connection. */
  readonly written: boolean;
  resume(): void;
  /** Ends the attempt at once; the app sees its connection close, or its stream reset with the code (RFC 9113 7). */
  abort(code?: number): void;
}
