// The control server, on loopback and a Unix socket of the Pod: the app's side and people's orders, version 1.

import type { ControlAddress } from "../config/config.ts";
import { SluiceError } from "../errors.ts";
import type { Outcome } from "../health/commands.ts";
import { parseGateOrder } from "../health/gate-order.ts";
import { parseHandshake } from "../health/handshake.ts";
import type { Backend } from "./backend.ts";
import { refuseBrowsers } from "./browser.ts";
import { openEventStream } from "./event-stream.ts";
import { openFlowStream } from "./flow-stream.ts";
import { createLive } from "./live.ts";
import { LOCKED_DOWN, type PageSource, pageAnswer } from "./page.ts";
import type { OnError } from "./refusal.ts";
import { type Call, type Handlers, type RouteName, routesOf } from "./routes.ts";
import { type ApiServer, createApiServer } from "./server.ts";
import { answerProfile, parseLogLevel } from "./upkeep.ts";

export const CONTROL_ROUTES = [
  ["GET", "/"],
  ["GET", "/v1/status"],
  ["GET", "/v1/events"],
  ["GET", "/v1/flow"],
  ["GET", "/v1/live"],
  ["POST", "/v1/slots/:slot/handshake"],
  ["PUT", "/v1/slots/:slot/gates/:gate"],
  ["POST", "/v1/slots/:slot/stopping"],
  ["POST", "/v1/slots/:slot/reload"],
  ["POST", "/v1/slots/:slot/commands/:id"],
  ["POST", "/v1/slots/:slot/promote"],
  ["POST", "/v1/slots/:slot/drain"],
  ["GET", "/v1/log-level"],
  ["PUT", "/v1/log-level"],
  ["POST", "/v1/profiles/:kind"],
] as const satisfies readonly RouteName[];

export interface ControlServerParts {
  readonly backend: Backend;
  /** None: `listen` resolves at once, and nobody is served. */
  readonly addresses: readonly ControlAddress[];
  readonly page: PageSource;
  readonly onError: OnError;
}

const LIFELINE_MAX_WAITING_BYTES = 65_536;
const DONE = { body: { ok: true } };

export function createControlServer({ backend, addresses, page, onError }: ControlServerParts): ApiServer {
  const live = createLive(backend, () => ({ page: page.id, life: page.life, host: page.host }));
  const handlers: Handlers<typeof CONTROL_ROUTES> = {
    "GET /": async () => pageAnswer(await page.read()),
    "GET /v1/status": () => ({ body: backend.status() }),
    "GET /v1/events": (call) => call.stream(openEventStream(backend, sinceOf(call), goesOn(call))),
    "GET /v1/flow": (call) => call.stream(openFlowStream(backend, sinceOf(call), goesOn(call))),
    "GET /v1/live": (call) => call.stream(live.opener),
    "POST /v1/slots/:slot/handshake": (call) => {
      const handshake = parseHandshake(slotOf(call), call.body);
      return call.stream({
        maxWaitingBytes: LIFELINE_MAX_WAITING_BYTES,
        open(stream) {
          const lifeline = backend.handshake(handshake, stream);
          return { ended: () => lifeline.lost() };
        },
      });
    },
    "PUT /v1/slots/:slot/gates/:gate": (call) => {
      backend.gate(slotOf(call), call.params.gate ?? "", parseGateOrder(call.body));
      return DONE;
    },
    "POST /v1/slots/:slot/stopping": async (call) => {
      await backend.stopping(slotOf(call));
      return DONE;
    },
    "POST /v1/slots/:slot/reload": async (call) => {
      const slot = slotOf(call);
      const outcome = await backend.reload(slot);
      if (outcome.ok) return { body: outcome };
      throw new SluiceError("COMMAND_FAILED", `slot ${slot}: reload failed: ${outcome.reason}`);
    },
    "POST /v1/slots/:slot/commands/:id": (call) => {
      backend.outcome(slotOf(call), call.params.id ?? "", parseOutcome(call.body));
      return DONE;
    },
    "POST /v1/slots/:slot/promote": (call) => ({ body: backend.promote(slotOf(call)) }),
    "GET /v1/log-level": () => ({ body: { level: backend.logLevel() } }),
    "PUT /v1/log-level": (call) => ({ body: backend.setLogLevel(parseLogLevel(call.body)) }),
    "POST /v1/profiles/:kind": (call) => answerProfile(backend, call),
    "POST /v1/slots/:slot/drain": async (call) => ({ body: await backend.drain(slotOf(call)) }),
  };
  return createApiServer({
    addresses,
    option: "--control",
    routes: routesOf(CONTROL_ROUTES, handlers),
    admit: refuseBrowsers,
    headers: LOCKED_DOWN,
    onError,
  });
}

function slotOf(call: Call): string {
  return call.params.slot ?? "";
}

function sinceOf(call: Call): number {
  const { since = "0" } = call.query;
  if (typeof since === "string" && /^\d{1,15}$/.test(since)) return Number(since);
  throw new SluiceError("BAD_BODY", '"since" must be an id, a whole number');
}

function goesOn(call: Call): boolean {
  const { follow = "true" } = call.query;
  if (follow === "true" || follow === "false") return follow === "true";
  throw new SluiceError("BAD_BODY", '"follow" must be true or false');
}

const MOST_REASON_CHARACTERS = 1_024;

function parseOutcome(body: unknown): Outcome {
  if (typeof body === "object" && body !== null && "ok" in body && typeof body.ok === "boolean") {
    const reason = "reason" in body ? body.reason : undefined;
    if (reason === undefined || typeof reason === "string") {
      return { ok: body.ok, reason: (reason ?? "").slice(0, MOST_REASON_CHARACTERS) };
    }
  }
  throw new SluiceError(
    "BAD_BODY",
    'the outcome must be a JSON object such as {"ok":false,"reason":"no such file"}',
  );
}
