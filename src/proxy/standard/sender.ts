// Sends one client's request to the app: the order is made once, from the request as it came, and serves every attempt.

import type { Destination } from "../admission.ts";
import type { Visitor } from "../visit.ts";
import type { AppCall, Order } from "./app-call.ts";
import type { Arrival } from "./arrival.ts";
import type { House } from "./house.ts";
import { orderOf, traced } from "./order.ts";
import type { RequestBody } from "./request-body.ts";
import { TunnelCall, type TunnelSink } from "./tunnel-call.ts";

/** Returns what makes an attempt. `once`: it may not be sent twice, so it takes a connection that is beyond doubt. */
export function createSender(
  house: House,
  { request, tunnel }: Arrival,
  body: RequestBody | undefined,
  { requestId, trace }: Visitor,
  sink: TunnelSink,
): (destination: Destination, once: boolean) => AppCall {
  const { parts, app, connecting } = house;
  const { limits, observer, via } = parts;
  let order: Order | undefined;
  return (destination, once) => {
    const client = request.socket.remoteAddress ?? "";
    const trusted = parts.isTrustedProxy(client);
    order ??= orderOf(request, body, { client, trusted, requestId, via, keepUpgrade: tunnel !== undefined });
    const own = traced(order, trace);
    if (!tunnel) return app.send(destination, own, once, sink);
    const tunnelParts = { limits, connecting, accepted: observer.accepted };
    return new TunnelCall(destination, own, tunnel, tunnelParts, sink);
  };
}
