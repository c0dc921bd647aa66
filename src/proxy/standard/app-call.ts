// One attempt to have the app answer a request, whichever client library carries it.

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
  /** Raw trailer fields of a chunked body, to be asked for at its end. */
  readonly trailers: (() => string[]) | undefined;
}

/** Takes what the app says. After `onEnd` or `onFailure`, and after `abort` of the call, nothing more comes. */
export interface AppSink {
  onInterim(status: number, rawHeaders: string[]): void;
  onHead(status: number, reason: string, rawHeaders: string[]): void;
  /** False: no more until `resume`. */
  onData(chunk: Buffer): boolean;
  onEnd(rawTrailers: string[]): void;
  onFailure(failure: AppFailure): void;
}

export interface AppCall {
  /** Whether any byte of the request was handed to the app's connection. */
  readonly written: boolean;
  resume(): void;
  /** Ends the attempt at once; the app sees its connection close. */
  abort(): void;
}
