// The fields of an answer, interim ones included, on their way to the client. Order and case stay.

import { type Fields, keep } from "./fields.ts";
import { hopByHopIn } from "./hop-by-hop.ts";
import { announcesTrailers } from "./trailer.ts";
import { viaField } from "./via.ts";

export interface ResponseContext {
  readonly via: boolean;
  /** For 101, and for 426, which MUST say what it wants (RFC 9110 15.5.22): Upgrade goes out, with `Connection: Upgrade`. */
  readonly keepUpgrade: boolean;
  /** The engine sends this answer chunked. Undefined: it does so if it came chunked. False for HEAD, 1xx, 204, 304, HTTP/1.0. */
  readonly chunked?: boolean;
}

/** The answer's fields as the client gets them, without framing (Content-Length, Transfer-Encoding): the engine adds its own. */
export function responseFields(fields: Fields, context: ResponseContext): string[] {
  const isHopByHop = hopByHopIn(fields);
  const trailerStays = context.chunked ?? announcesTrailers(fields);
  let upgrades = false;

  const out = keep(fields, (name) => {
    if (name === "upgrade") {
      upgrades ||= context.keepUpgrade;
      return context.keepUpgrade;
    }
    if (name === "trailer") return trailerStays;
    return !isHopByHop(name);
  });

  if (upgrades) out.push("Connection", "Upgrade");
  if (context.via) out.push(...viaField("1.1"));
  return out;
}
