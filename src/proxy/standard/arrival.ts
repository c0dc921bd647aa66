// A client's request as it came: on which connection, and with what to answer it.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { EngineParts } from "../engine.ts";
import { plainAddress } from "../headers/forwarded.ts";
import { requestIdOf } from "../headers/request-id.ts";
import type { Visitor } from "../visit.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import { isExpecting } from "./order.ts";
import { type BodyLimits, RequestBody } from "./request-body.ts";

export interface Arrival {
  readonly connection: ClientConnection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** For an upgrade to WebSocket. */
  readonly tunnel: ClientTunnel | undefined;
}

export function visitorOf(
  { connection, request }: Arrival,
  { newRequestId, trace }: Pick<EngineParts, "newRequestId" | "trace">,
): Visitor {
  return {
    requestId: requestIdOf(request.rawHeaders) ?? newRequestId(),
    method: request.method ?? "",
    target: request.url ?? "",
    client: plainAddress(connection.socket.remoteAddress ?? ""),
    trace: trace?.(request.rawHeaders),
  };
}

/** The body that the head announces, of at least one byte; undefined if it announces none. */
export function bodyOf(
  { request }: Arrival,
  limits: BodyLimits,
  onStall: () => void,
): RequestBody | undefined {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  if (coding === undefined && (length === undefined || Number(length) === 0)) return undefined;
  return new RequestBody(request, limits, isExpecting(request), onStall);
}
