// What of a client's request is sent to the app, and by which client library.

import type { IncomingMessage } from "node:http";
import { valuesOf } from "../headers/fields.ts";
import { requestFields } from "../headers/request.ts";
import { tracedFields } from "../headers/trace-fields.ts";
import { originForm } from "../target.ts";
import type { RequestTrace } from "../trace.ts";
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
    expects: keepExpect,
    isPatient: false,
    contentLength: headers["content-length"],
    trailers: announcesTrailers ? () => request.rawTrailers : undefined,
  };
}

/** The order as one attempt sends it: where the request is traced, each attempt is a parent of its own to the app. */
export function traced(order: Order, trace: RequestTrace | undefined): Order {
  return trace ? { ...order, fields: tracedFields(order.fields, trace.fields()) } : order;
}

/** Expect is for HTTP/1.1 with a body; from others it means nothing (RFC 9110 10.1.1). */
export function isExpecting(request: IncomingMessage): boolean {
  return request.headers.expect !== undefined && request.httpVersion === "1.1";
}

/**
 * Whether undici cannot carry the order: it refuses Expect, sends no trailers and takes "*" for no path. A trailer that was
 * not announced is not waited for; it is dropped, as RFC 9110 6.5.1 allows.
 */
export function needsNodeClient({ expects, trailers, contentLength, fields, target }: Order): boolean {
  if (expects || target === "*") return true;
  return trailers !== undefined && contentLength === undefined && valuesOf(fields, "trailer").length > 0;
}
