// What the parts of one engine share.

import type { ConnectOptions } from "../app-connect.ts";
import type { EngineParts } from "../engine.ts";
import type { WindDown } from "../wind-down.ts";
import type { AppSide } from "./app-call.ts";
import type { Exchange } from "./exchange.ts";

export interface House {
  readonly parts: EngineParts;
  readonly app: AppSide;
  /** For tunnels, which have connections of their own. */
  readonly connecting: ConnectOptions;
  readonly windDown: WindDown;
  readonly active: Set<Exchange>;
}
