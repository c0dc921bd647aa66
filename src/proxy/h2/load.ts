// Everything that HTTP/2 needs, in one place, so that it can be loaded at once and late.

import type { EngineParts } from "../engine.ts";
import type { AppSide } from "../standard/app-call.ts";
import { Http1Side } from "../standard/http1-side.ts";
import type { WindDown } from "../wind-down.ts";
import type { Patience } from "./client-session.ts";
import { Http2Front } from "./front.ts";
import { Http2Side } from "./http2-side.ts";

/** The most that is read from the app at a time; libuv's own measure. */
const READ_BYTES = 64 * 1024;

export interface LoadedHttp2 {
  readonly front: Http2Front;
  /** How requests of HTTP/2 reach the app, and with "h2c" those of HTTP/1.1 as well. */
  readonly app: AppSide;
}

/** `connections`: all client connections of the engine. */
export function loadHttp2(
  parts: EngineParts,
  appProtocol: "h1" | "h2c",
  windDown: WindDown,
  connections: () => number,
  patience?: Patience | undefined,
): LoadedHttp2 {
  const { limits, now, observer } = parts;
  const { connectTimeoutMs } = limits;
  const { accepted } = observer;
  const app =
    appProtocol === "h2c"
      ? new Http2Side({ limits, now, accepted })
      : new Http1Side({
          limits,
          now,
          accepted,
          connecting: { connectTimeoutMs, readBuffer: Buffer.allocUnsafeSlow(READ_BYTES) },
        });
  const house = { parts, app, active: new Set<never>() };
  return { app, front: new Http2Front({ house, windDown, connections, patience }) };
}
