// The app's probes: sluice asks the app whether it can serve, the kubelet asks sluice.

import { formatDuration } from "../config/duration.ts";
import type { OptionKey } from "../config/options.ts";
import type { Account } from "./account.ts";
import type { App } from "./app-container.ts";
import { type JsonObject, numberOf } from "./json-value.ts";
import { type Handler, portNumber } from "./workload.ts";

const WAY_OUT = "or say by `-- --probe http:/PATH` (or tcp, grpc, off) how sluice should ask";

/** The options of `sluice run` that take the place of the readinessProbe. Refuses what sluice cannot ask. */
export function probeFlags(
  app: App,
  isOverridden: boolean,
  account: Account,
): ReadonlyMap<OptionKey, string> {
  const { container, port } = app;
  const probe = container.readinessProbe;
  if (!probe) {
    if (!isOverridden) {
      account.note(
        `${container.name} has no readinessProbe: sluice only tries to connect (--probe=tcp); ${WAY_OUT.slice(3)}`,
      );
    }
    return new Map([["probe", "tcp"]]);
  }
  if (isOverridden) {
    account.did(
      `${container.name}: readinessProbe removed: --probe takes its place, and the kubelet asks sluice's /readyz`,
    );
    return timing(probe);
  }
  const asked = targetOf(probe);
  const no = (reason: string): ReadonlyMap<OptionKey, string> => {
    account.refuse(`${container.name}: readinessProbe ${reason}; ${WAY_OUT}`);
    return new Map();
  };
  if (probe.kind === "exec") {
    return no(
      "runs a command in the container, which sluice cannot: give the app a path that answers by HTTP",
    );
  }
  if (asked === undefined) return no("has no handler that sluice knows");
  if (probe.port === undefined) return no("names no port");
  if (portNumber(container, probe.port) !== port) {
    return no(`asks port ${probe.port}, but sluice asks the port that carries the requests (${port})`);
  }
  if (probe.host !== undefined) return no(`asks another host (${probe.host}), sluice the app only`);
  if (probe.scheme === "HTTPS") return no("asks by HTTPS, sluice by HTTP only");
  if (probe.headers.length > 0) return no("sends fields of its own (httpHeaders), which sluice's does not");
  account.did(
    `${container.name}: readinessProbe moved to sluice (--probe=${asked}): sluice asks the app, the kubelet asks sluice's /readyz`,
  );
  return new Map<OptionKey, string>([["probe", asked], ...timing(probe)]);
}

function targetOf(probe: Handler): string | undefined {
  if (probe.kind === "httpGet") {
    const path = probe.path ?? "/";
    return `http:${path.startsWith("/") ? path : `/${path}`}`;
  }
  if (probe.kind === "tcpSocket") return "tcp";
  if (probe.kind === "grpc") return probe.service ? `grpc:${probe.service}` : "grpc";
  return undefined;
}

/** The kubelet's default, s: an API server writes it into every manifest. sluice asks more often by itself. */
const UNSAID_PERIOD = 10;

/** What the manifest says about when to ask. */
function timing({ value }: Handler): ReadonlyMap<OptionKey, string> {
  const seconds = (key: string): string | undefined => {
    const number = numberOf(value[key]);
    return number === undefined || number <= 0 ? undefined : formatDuration(number * 1_000);
  };
  const flags: readonly (readonly [OptionKey, string | undefined])[] = [
    ["probe-interval", value.periodSeconds === UNSAID_PERIOD ? undefined : seconds("periodSeconds")],
    ["probe-timeout", seconds("timeoutSeconds")],
    ["probe-failures", numberOf(value.failureThreshold)?.toString()],
  ];
  return new Map(flags.flatMap(([key, text]) => (text === undefined ? [] : [[key, text] as const])));
}

const THRESHOLDS = [
  "initialDelaySeconds",
  "periodSeconds",
  "timeoutSeconds",
  "successThreshold",
  "failureThreshold",
  "terminationGracePeriodSeconds",
] as const;

/** The kubelet's question about one slot, in place of the app's livenessProbe, whose numbers it keeps. */
export function slotLiveness(probe: Handler, slot: string, opsPort: number): JsonObject {
  const kept = THRESHOLDS.flatMap((key) =>
    probe.value[key] === undefined ? [] : [[key, probe.value[key]] as const],
  );
  return { httpGet: { path: `/livez/slots/${slot}`, port: opsPort }, ...Object.fromEntries(kept) };
}

/** Tells what becomes of liveness and startup; whether the startupProbe stays. */
export function judgeProbes(app: App, slots: 1 | 2, account: Account): { readonly keepsStartup: boolean } {
  const { container, port } = app;
  const { livenessProbe, startupProbe } = container;
  if (livenessProbe?.kind === "exec") {
    account.refuse(
      `${container.name}: livenessProbe runs a command in the container, in which sluice cannot take part: remove it, ` +
        "or give the app a path that answers by HTTP",
    );
  } else if (livenessProbe) {
    account.did(
      `${container.name}: livenessProbe asks sluice's /livez/slots: a slow start, a drain or a placeholder is never killed`,
    );
  }
  if (!startupProbe) return { keepsStartup: false };
  const isCommand = startupProbe.kind === "exec";
  if (isCommand && slots === 2) {
    account.refuse(
      `${container.name}: startupProbe runs a command, which the placeholder of an idle slot has not: remove it`,
    );
  } else if (isCommand && startupProbe.command?.some((word) => new RegExp(`\\b${port}\\b`).test(word))) {
    account.refuse(
      `${container.name}: startupProbe runs a command that asks port ${port}, which is sluice's now: remove it; ` +
        "the app is ready when it has shaken hands, and liveness waits for that",
    );
  } else if (isCommand) {
    return { keepsStartup: true };
  } else if (portNumber(container, startupProbe.port) !== port) {
    if (slots === 1 || startupProbe.port === undefined) return { keepsStartup: true };
    account.refuse(
      `${container.name}: startupProbe asks port ${startupProbe.port}, where the placeholder of an idle slot does not answer: remove it`,
    );
  } else {
    account.did(
      `${container.name}: startupProbe removed: it asked port ${port}, and liveness waits for the handshake by itself`,
    );
  }
  return { keepsStartup: false };
}
