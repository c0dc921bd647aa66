// A request as its exchange keeps it: all that is needed of its head, taken out of the bytes once.

import type { ErrorCode } from "../../errors.ts";
import { isIdempotent } from "../replay.ts";
import type { RequestTrace } from "../trace.ts";
import type { House } from "./house.ts";
import { RequestBody } from "./request-body.ts";
import { rewriteRequest } from "./request-rewrite.ts";

/** The client's connection, as far as a request is concerned. */
export interface Sender {
  /** Address of the peer, plain. */
  readonly address: string;
  readonly trusted: boolean;
  /** Accepted beyond the limit: its first request is refused. */
  readonly surplus: boolean;
}

export class Request {
  readonly requestId: string;
  readonly method: string;
  readonly target: string;
  /** HTTP/1.x */
  readonly minor: number;
  /** The client's connection may serve further requests, as far as the client is concerned. */
  readonly persists: boolean;
  /** It opens a WebSocket. */
  readonly isTunnel: boolean;
  readonly expects: boolean;
  readonly hasIdempotencyKey: boolean;
  /** It may not be sent twice. */
  readonly once: boolean;
  /** Undefined: it has none, or an empty one. */
  readonly body: RequestBody | undefined;
  /** The head that the app gets, but for Host where the client sent none. */
  readonly head: string;
  readonly lacksHost: boolean;
  /** Why it is refused. */
  readonly fault: ErrorCode | undefined;
  readonly trace: RequestTrace | undefined;

  /** Takes the head that has just been read out of `bytes`. */
  constructor({ parts, requestHead: head }: House, sender: Sender, bytes: Buffer, isTunnel: boolean) {
    const { limits, via } = parts;
    const { method, chunked, length } = head;
    const isRepeatable = head.hasIdempotencyKey || isIdempotent(method);
    const hasBody = chunked || length > 0;
    this.requestId = head.requestId ?? parts.newRequestId();
    this.trace = parts.trace?.(head.traceContext(bytes));
    this.method = method;
    this.target = head.target;
    this.minor = head.scan.minor;
    this.persists = head.persists && !isTunnel;
    this.isTunnel = isTunnel;
    this.expects = head.expects;
    this.hasIdempotencyKey = head.hasIdempotencyKey;
    this.once = !isRepeatable || (hasBody && (chunked || length > limits.replayBodyBytes));
    this.body = hasBody
      ? new RequestBody(chunked ? undefined : length, isRepeatable, limits, head.scan.lines)
      : undefined;
    this.lacksHost = head.host === undefined;
    this.fault = sender.surplus ? "TOO_MANY_CONNECTIONS" : head.addressFault;
    this.head =
      this.fault === undefined
        ? rewriteRequest(bytes, head, isTunnel, {
            client: sender.address,
            trusted: sender.trusted,
            requestId: this.requestId,
            via,
            isTraced: this.trace !== undefined,
          })
        : "";
  }

  /** The client has sent all of it. */
  get isComplete(): boolean {
    return this.body === undefined || this.body.complete;
  }
}
