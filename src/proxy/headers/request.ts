// The fields of a request on their way to the app. End-to-end fields keep their order and case; what sluice adds comes
// at the end.

import { type Fields, keep, listOf } from "./fields.ts";
import { claimStays, claimsClient, forwardedFields } from "./forwarded.ts";
import { hopByHopIn } from "./hop-by-hop.ts";
import { requestIdOf } from "./request-id.ts";
import { announcesTrailers } from "./trailer.ts";
import { viaField } from "./via.ts";

export interface RequestContext {
  /** The peer's address. */
  readonly client: string;
  /** Whether the peer is one of --trusted-proxies. */
  readonly trusted: boolean;
  /** `requestIdOf` the request, or a new one. */
  readonly requestId: string;
  readonly via: boolean;
  readonly scheme: "http";
  readonly httpVersion: "1.0" | "1.1" | "2";
  /** The request goes on as an upgrade (RFC 9110 7.8). */
  readonly keepUpgrade: boolean;
  /** The app itself is to say 100 (RFC 9110 10.1.1); otherwise the engine has said it already. */
  readonly keepExpect: boolean;
  /** The engine sends the body chunked. Undefined: it does so if it came chunked. */
  readonly chunked?: boolean;
}

/** The request's fields as the app gets them, without framing (Content-Length, Transfer-Encoding): the engine adds its own. */
export function requestFields(fields: Fields, context: RequestContext): string[] {
  const isHopByHop = hopByHopIn(fields);
  const idStays = requestIdOf(fields) === context.requestId;
  const trailerStays = context.chunked ?? announcesTrailers(fields);

  const out = keep(fields, (name) => {
    if (name === "upgrade") return context.keepUpgrade;
    if (name === "trailer") return trailerStays;
    if (name === "expect") return context.keepExpect;
    if (name.replaceAll("_", "-") === "x-request-id") return idStays && name === "x-request-id";
    if (claimsClient(name)) return claimStays(name, context);
    return !isHopByHop(name);
  });

  const options: string[] = [];
  if (context.keepUpgrade) options.push("Upgrade");
  // RFC 9110 10.1.4: TE is for one hop. Trailers are passed on, so the client's readiness for them is too; no coding is.
  else if (takesTrailers(fields)) {
    out.push("TE", "trailers");
    options.push("TE");
  }
  if (options.length > 0) out.push("Connection", options.join(", "));
  out.push(...forwardedFields(fields, context));
  if (!idStays) out.push("X-Request-Id", context.requestId);
  if (context.via) out.push(...viaField(context.httpVersion));
  return out;
}

/** TE: trailers, a member of the list without parameters. */
function takesTrailers(fields: Fields): boolean {
  return listOf(fields, "te").some((member) => member.toLowerCase() === "trailers");
}
