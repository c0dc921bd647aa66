// Why a handshake may not stand.

import { SluiceError } from "../errors.ts";
import type { Handshake } from "./facts.ts";
import { missingSignals } from "./handshake.ts";
import { uncaughtSignals } from "./signal-mask.ts";

export interface Demands {
  readonly requireSignals: readonly string[];
  /** The app's pid means something here. */
  readonly sharedPids: boolean;
  readonly readFile: (path: string) => string;
}

/** MISSING_SIGNALS or SIGNALS_NOT_CAUGHT, in words that follow the version; undefined: the handshake may stand. */
export function objectionTo(handshake: Handshake, demands: Demands): SluiceError | undefined {
  const { requireSignals, sharedPids, readFile } = demands;
  const missing = missingSignals(handshake, requireSignals);
  if (missing.length > 0)
    return new SluiceError("MISSING_SIGNALS", `its handshake lacks ${missing.join(", ")}`);
  if (!sharedPids || handshake.pid === undefined) return undefined;
  const uncaught = uncaughtSignals(handshake.pid, requireSignals, readFile);
  if (uncaught.length === 0) return undefined;
  return new SluiceError("SIGNALS_NOT_CAUGHT", `its process has no handler for ${uncaught.join(", ")}`);
}
