// An engine in front of whatever listens on a port of this machine.

import { createTickets } from "../../src/drain/tickets.ts";
import { createAdmission } from "../../src/proxy/admission.ts";
import { destinationOf, LIMITS } from "../../src/proxy/engine-suite/stage.ts";
import type { Limits } from "../../src/proxy/limits.ts";
import type { NamedEngine } from "../security/engines.ts";

export interface House {
  readonly port: number;
  /** Requests under way. */
  readonly inFlight: number;
  readonly connections: number;
  close(): void;
}

export async function openHouse(
  { create }: NamedEngine,
  appPort: number,
  limits: Partial<Limits> = {},
): Promise<House> {
  const now = () => performance.now();
  const tickets = createTickets(now);
  const nothing = (): void => {};
  const engine = create({
    listen: { host: "127.0.0.1", port: 0 },
    admission: createAdmission(
      { max: 1000, timeoutMs: 5_000, maxInFlight: Number.POSITIVE_INFINITY, now },
      tickets,
      { to: "generation", destination: destinationOf(appPort) },
    ),
    tickets,
    limits: { ...LIMITS, ...limits },
    observer: {
      ended: nothing,
      refused: nothing,
      accepted: nothing,
      replayed: nothing,
      connections: nothing,
      trouble(error, what) {
        throw new Error(`trouble: ${what}`, { cause: error });
      },
    },
    isTrustedProxy: () => false,
    via: false,
    now,
    newRequestId: () => "0".repeat(32),
  });
  const { port } = await engine.listen();
  return {
    port,
    get inFlight() {
      return tickets.account().inFlight;
    },
    get connections() {
      return engine.connections;
    },
    close: () => engine.destroy(),
  };
}
