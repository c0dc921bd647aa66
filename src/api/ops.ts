// The ops server, on the Pod's address: probes, metrics and the hooks of the kubelet.

import type { HostPort } from "../config/config.ts";
import { SluiceError } from "../errors.ts";
import type { Backend } from "./backend.ts";
import type { Guard } from "./guard.ts";
import { asError, type OnError } from "./refusal.ts";
import { type Answer, type Call, type Handlers, type RouteName, routesOf } from "./routes.ts";
import { type ApiServer, createApiServer } from "./server.ts";

export const OPS_ROUTES = [
  ["GET", "/livez"],
  ["HEAD", "/livez"],
  ["GET", "/readyz"],
  ["HEAD", "/readyz"],
  ["GET", "/lb"],
  ["HEAD", "/lb"],
  ["GET", "/livez/slots/:slot"],
  ["GET", "/metrics"],
  ["GET", "/prestop/pod"],
  ["POST", "/prestop/pod"],
  ["GET", "/prestop/slots/:slot"],
  ["POST", "/prestop/slots/:slot"],
] as const satisfies readonly RouteName[];

export interface OpsServerParts {
  readonly backend: Backend;
  readonly guard: Guard;
  readonly address: HostPort;
  /** Also called for each hook that was not answered as the kubelet would like it: the kubelet does not look. */
  readonly onError: OnError;
}

/** The port is open to the cluster; its callers are one kubelet, a few scrapers and balancers. */
const MOST_CONNECTIONS = 512;

export function createOpsServer({ backend, guard, address, onError }: OpsServerParts): ApiServer {
  const live = () => ({ body: { ok: true, reason: "sluice runs" } });
  const balancer = () => check(backend.balancer());

  function ready(call: Call): Answer {
    const readiness = backend.readiness();
    const isKubelet = call.headers["user-agent"]?.startsWith("kube-probe/") ?? false;
    // Found at the first start, not at the first stop: this caller's hooks would be refused.
    if (isKubelet && !guard.hasToken && !guard.allows(call.remoteAddress, call.headers)) {
      return { status: 503, body: { ...readiness, ready: false, reason: guard.explain(call.remoteAddress) } };
    }
    return { status: readiness.ready ? 200 : 503, body: readiness };
  }

  async function hook(call: Call, ask: () => Promise<{ readonly outcome: string }>): Promise<Answer> {
    try {
      if (!guard.allows(call.remoteAddress, call.headers)) {
        throw new SluiceError("FORBIDDEN", guard.explain(call.remoteAddress));
      }
      return { body: await ask(), isLast: true };
    } catch (error) {
      if (error instanceof SluiceError)
        onError(error, `${call.method} ${call.path} from ${call.remoteAddress}`);
      throw asError(error);
    }
  }

  const podHook = (call: Call) => hook(call, () => backend.podHook());
  const slotHook = (call: Call) => hook(call, () => backend.slotHook(slotOf(call)));

  const handlers: Handlers<typeof OPS_ROUTES> = {
    "GET /livez": live,
    "HEAD /livez": live,
    "GET /readyz": ready,
    "HEAD /readyz": ready,
    "GET /lb": balancer,
    "HEAD /lb": balancer,
    "GET /livez/slots/:slot": (call) => check(backend.slotLiveness(slotOf(call))),
    "GET /metrics": ({ headers }) => backend.metrics(headers.accept),
    "GET /prestop/pod": podHook,
    "POST /prestop/pod": podHook,
    "GET /prestop/slots/:slot": slotHook,
    "POST /prestop/slots/:slot": slotHook,
  };
  return createApiServer({
    addresses: [address],
    option: "--ops",
    routes: routesOf(OPS_ROUTES, handlers),
    maxConnections: MOST_CONNECTIONS,
    onError,
  });
}

function check(result: { readonly ok: boolean; readonly reason: string }): Answer {
  return { status: result.ok ? 200 : 503, body: result };
}

function slotOf(call: Call): string {
  return call.params.slot ?? "";
}
