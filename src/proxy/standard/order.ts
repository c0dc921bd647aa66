// What of a client's request is sent to the app, and by which client library.

import type { IncomingMessage } from "node:http";
import { requestFields } from "../headers/request.ts";
import { originForm } from "../target.ts";
import type { Order } from "./app-call.ts";
import type { RequestBody } from "./request-body.ts";

export interface OrderContext {
  readonly client: string;
  readonly trusted: boolean;
  readonly requestId: string;
  readonly via: boolean;
  readonly keepUpgrade: boolean;
}

/** The order for a request that has passed `checkHead`. */
export function orderOf(
  request: IncomingMessage,
  body: RequestBody | undefined,
  context: OrderContext,
): Order {
  const { method = "GET", url = "/", rawHeaders, headers } = request;
  const httpVersion = request.httpVersion === "1.0" ? "1.0" : "1.1";
  const keepExpect = isExpecting(request);
  const announcesTrailers = headers.trailer !== undefined && headers["transfer-encoding"] !== undefined;
  return {
    method,
    target: originForm(method, url),
    fields: requestFields(rawHeaders, { ...context, scheme: "http", httpVersion, keepExpect }),
    body,
    contentLength: headers["content-length"],
    trailers: announcesTrailers ? () => request.rawTrailers : undefined,
  };
}

/** Expect is for HTTP/1.1 with a body; from others it means nothing (RFC 9110 10.1.1). */
export function isExpecting(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && request.httpVersion === "1.1";
}

/**
 * Whether undici cannot carry the request: it refuses Expect, sends no trailers and takes "*" for no path. A trailer that was
 * not announced is not waited for; it is dropped, as RFC 9110 6.5.1 allows.
 */
export function needsNodeClient(request: IncomingMessage, order: Order): boolean {
  return isExpecting(request) || order.trailers !== undefined || order.target === "*";
}
