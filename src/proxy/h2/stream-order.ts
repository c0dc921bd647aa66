// What of an HTTP/2 request is sent to the app, in terms that both of the app's sides understand.

import type { ServerHttp2Stream } from "node:http2";
import type { EngineParts } from "../engine.ts";
import { valuesOf } from "../headers/fields.ts";
import { requestFields } from "../headers/request.ts";
import type { Limits } from "../limits.ts";
import type { Order } from "../standard/app-call.ts";
import { RequestBody } from "../standard/request-body.ts";
import type { StreamHead } from "./stream-head.ts";

/** What setTimeout can take: some 24 days. */
const NEVER_MS = 2 ** 31 - 1;

/** The body that follows the head; undefined if none does. `grpc`: its silence is the client's own affair. */
export function bodyOf(
  stream: ServerHttp2Stream,
  head: StreamHead,
  grpc: boolean,
  limits: Limits,
  onStall: () => void,
): RequestBody | undefined {
  if (stream.endAfterHeaders || lengthOf(head) === "0") {
    // The end that has come already is taken note of.
    stream.resume();
    return undefined;
  }
  const { replayBodyBytes } = limits;
  const bodyTimeoutMs = grpc ? NEVER_MS : limits.bodyTimeoutMs;
  const mayWait = valuesOf(head.rawHeaders, "expect").length > 0;
  // node ends what can be read from a stream that its client has reset, too.
  const isWhole = () => !stream.closed && !stream.destroyed;
  return new RequestBody(stream, { replayBodyBytes, bodyTimeoutMs }, mayWait, onStall, isWhole);
}

export interface OrderContext {
  readonly client: string;
  readonly requestId: string;
  readonly grpc: boolean;
  readonly parts: EngineParts;
}

/** The order for a request that `checkHead` will have passed by the time it is sent. */
export function orderOf(
  stream: ServerHttp2Stream,
  head: StreamHead,
  body: RequestBody | undefined,
  { client, requestId, grpc, parts }: OrderContext,
): Order {
  const contentLength = lengthOf(head);
  const expects = body !== undefined && valuesOf(head.rawHeaders, "expect").length > 0;
  let trailers: readonly string[] = [];
  // Requests of gRPC have none.
  const mayHaveTrailers = body !== undefined && !grpc;
  if (mayHaveTrailers)
    stream.on("trailers", (_headers, _flags, raw: string[]) => {
      trailers = raw;
    });
  return {
    method: head.method,
    target: head.target,
    fields: requestFields(head.rawHeaders, {
      client,
      trusted: parts.isTrustedProxy(client),
      requestId,
      via: parts.via,
      scheme: "http",
      httpVersion: "2",
      keepUpgrade: false,
      keepExpect: expects,
      chunked: body !== undefined && contentLength === undefined,
    }),
    body,
    expects,
    contentLength,
    trailers: mayHaveTrailers ? () => [...trailers] : undefined,
    isPatient: grpc,
  };
}

function lengthOf(head: StreamHead): string | undefined {
  return valuesOf(head.rawHeaders, "content-length")[0];
}
