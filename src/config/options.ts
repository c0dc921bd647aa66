// The one schema of the configuration. Flags, environment variables, the keys of the YAML file, --help and
// docs/configuration.md are all read off it.

import { controlAddresses, gateName, listenAddress, slotAddresses } from "./address.ts";
import { byteSize } from "./byte-size.ts";
import { collectorUrl } from "./collector-url.ts";
import { duration } from "./duration.ts";
import { cidrBlock, ipAddress } from "./network.ts";
import { probeTarget } from "./probe-target.ts";
import { share } from "./share.ts";
import { signalName } from "./signal-name.ts";
import { listOf, matching, oneOf, switchKind, type ValueKind, wholeNumber } from "./value-kind.ts";

export const GROUPS = [
  "Addresses",
  "Slots",
  "Traffic",
  "Stopping",
  "Hooks",
  "Limits",
  "Log",
  "Tracing",
  "File",
] as const;

export interface Option<T = unknown> {
  readonly group: (typeof GROUPS)[number];
  readonly kind: ValueKind<T>;
  /** As someone would write it; undefined: unset unless given. */
  readonly default: string | undefined;
  readonly meaning: string;
  /** Never printed. */
  readonly secret?: true;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;
const visibleText = matching("TOKEN", /^[!-~]{1,1024}$/, "1 to 1024 visible ASCII characters without blanks");
const filePath = matching("FILE", /./, "the path of a YAML file");

export const OPTIONS = {
  listen: {
    group: "Addresses",
    kind: listenAddress,
    default: ":8080",
    meaning: "Where clients' requests arrive.",
  },
  ops: {
    group: "Addresses",
    kind: listenAddress,
    default: ":9080",
    meaning: "Health, metrics and hooks: for the kubelet and Prometheus. Hooks need it on the Pod IP.",
  },
  control: {
    group: "Addresses",
    kind: controlAddresses,
    default: "/run/sluice/control.sock,127.0.0.1:9081",
    meaning:
      "Where apps shake hands and people give orders. While this is left at its default, a missing folder of the socket only leaves the socket out.",
  },
  slots: {
    group: "Slots",
    kind: slotAddresses,
    default: "a=127.0.0.1:8081",
    meaning: "One or two slots: a name and the address where the app in it listens.",
  },
  handshake: {
    group: "Slots",
    kind: oneOf("required", "off"),
    default: "required",
    meaning: "Whether an app must say that it can serve. `off` goes by the probe alone.",
  },
  "require-signals": {
    group: "Slots",
    kind: listOf(signalName),
    default: "SIGTERM",
    meaning: "Signals for which a handshake must declare a handler.",
  },
  "shared-pids": {
    group: "Slots",
    kind: switchKind,
    default: "false",
    meaning: "The Pod has shareProcessNamespace: /proc may veto a handshake whose handlers are not there.",
  },
  probe: {
    group: "Slots",
    kind: probeTarget,
    default: "http:/healthz",
    meaning: "How a slot is asked whether its app can serve.",
  },
  "probe-interval": {
    group: "Slots",
    kind: duration(10),
    default: "1s",
    meaning: "Time between two probes of a slot.",
  },
  "probe-timeout": {
    group: "Slots",
    kind: duration(10),
    default: "1s",
    meaning: "Longest wait for a probe's answer.",
  },
  "probe-failures": {
    group: "Slots",
    kind: wholeNumber(1, 1_000),
    default: "3",
    meaning: "Failures in a row until a probe counts as failed.",
  },
  gates: {
    group: "Slots",
    kind: listOf(gateName),
    default: "",
    meaning: "Conditions that each generation must open before it counts as ready.",
  },
  engine: {
    group: "Traffic",
    kind: oneOf("wire", "standard"),
    default: "wire",
    meaning: "Which HTTP engine carries the requests: docs/engines.md.",
  },
  "app-protocol": {
    group: "Traffic",
    kind: oneOf("h1", "h2c"),
    default: "h1",
    meaning: "How the app is asked: over HTTP/1.1, or over HTTP/2 in clear text, which gRPC needs.",
  },
  switch: {
    group: "Traffic",
    kind: oneOf("auto", "manual"),
    default: "auto",
    meaning:
      "Whether a version that has never been active here takes over by itself, or waits for `promote`.",
  },
  "hold-max": {
    group: "Traffic",
    kind: wholeNumber(0, 1_000_000),
    default: "1024",
    meaning: "Most requests held while no slot can take them; 0 holds none.",
  },
  "hold-timeout": {
    group: "Traffic",
    kind: duration(1),
    default: "15s",
    meaning: "Longest time that a request is held.",
  },
  "max-in-flight": {
    group: "Traffic",
    kind: wholeNumber(0, 1_000_000),
    default: "0",
    meaning:
      "Most requests in flight in one slot, WebSockets and streams included; further ones are held. 0: no limit.",
  },
  "replay-body": {
    group: "Traffic",
    kind: byteSize(0, 16 * MIB),
    default: "64KiB",
    meaning: "Largest request body kept in hand, so that the request can be sent again when that is safe.",
  },
  "trusted-proxies": {
    group: "Traffic",
    kind: listOf(cidrBlock),
    default: "",
    meaning: "Peers whose X-Forwarded fields are believed and appended to; for all others they are set anew.",
  },
  via: {
    group: "Traffic",
    kind: switchKind,
    default: "false",
    meaning: "Adds `Via: 1.1 sluice` in both directions.",
  },
  grace: {
    group: "Stopping",
    kind: duration(1_000),
    default: "30s",
    meaning: "The Pod's terminationGracePeriodSeconds: every deadline of a stop is derived from it.",
  },
  "drain-delay": {
    group: "Stopping",
    kind: duration(0),
    default: "5s",
    meaning: "Lame duck lasts at least so long when the Pod stops: the time in which clients still come.",
  },
  "slot-drain": {
    group: "Stopping",
    kind: duration(0),
    default: "10s",
    meaning: "Longest drain of a slot before its hook is answered.",
  },
  "exit-reserve": {
    group: "Stopping",
    kind: duration(0),
    default: "5s",
    meaning: "End of the grace that is left for the apps and sluice to exit in.",
  },
  "node-ip": {
    group: "Hooks",
    kind: ipAddress,
    default: undefined,
    meaning:
      "The node's address (status.hostIP): hooks answer it and the Pod's default gateway. Without it, only 127.0.0.1 and ::1.",
  },
  "hook-from": {
    group: "Hooks",
    kind: listOf(cidrBlock),
    default: "",
    meaning: "Further addresses whose hooks are answered.",
  },
  "hook-token": {
    group: "Hooks",
    kind: visibleText,
    default: undefined,
    meaning: "Hooks must carry this token in the field Sluice-Token; addresses no longer matter.",
    secret: true,
  },
  "max-connections": {
    group: "Limits",
    kind: wholeNumber(1, 1_000_000),
    default: "10000",
    meaning: "Most client connections; the next one gets 503 and is closed.",
  },
  "max-head-size": {
    group: "Limits",
    kind: byteSize(KIB, MIB),
    default: "16KiB",
    meaning: "Largest head of a request (431) or of an answer (502).",
  },
  "max-target-size": {
    group: "Limits",
    kind: byteSize(64, MIB),
    default: "8KiB",
    meaning: "Longest request target (414).",
  },
  "max-fields": {
    group: "Limits",
    kind: wholeNumber(8, 10_000),
    default: "100",
    meaning: "Most field lines of a head (431, 502).",
  },
  "head-timeout": {
    group: "Limits",
    kind: duration(1),
    default: "10s",
    meaning: "Longest time that a request's head may take (408).",
  },
  "body-timeout": {
    group: "Limits",
    kind: duration(1),
    default: "30s",
    meaning: "Longest silence within a request's body, until its answer has begun (408).",
  },
  "connect-timeout": {
    group: "Limits",
    kind: duration(1),
    default: "1s",
    meaning: "Longest wait until the app accepts a connection (504).",
  },
  "response-timeout": {
    group: "Limits",
    kind: duration(1),
    default: "60s",
    meaning:
      "Longest wait for the app's answer to begin, and longest silence in it (504, or the answer is cut).",
  },
  "client-idle": {
    group: "Limits",
    kind: duration(1),
    default: "650s",
    meaning:
      "How long a client's connection may idle; longer than any balancer keeps one (ALB 60s, GCLB 600s).",
  },
  "app-idle": {
    group: "Limits",
    kind: duration(1),
    default: "60s",
    meaning: "Longest time that an idle connection to the app is kept.",
  },
  "log-level": {
    group: "Log",
    kind: oneOf("trace", "debug", "info", "warn", "error", "silent"),
    default: "info",
    meaning: "The least level that is logged.",
  },
  "access-log": {
    group: "Log",
    kind: switchKind,
    default: "false",
    meaning: "One log line for each request.",
  },
  "otlp-endpoint": {
    group: "Tracing",
    kind: collectorUrl,
    default: undefined,
    meaning:
      "A collector's base URL: traces go to its /v1/traces (OTLP over HTTP). Unset: no tracing at all.",
  },
  "trace-sample": {
    group: "Tracing",
    kind: share,
    default: "0.01",
    meaning: "The share of requests that are traced, where their caller has not decided (`traceparent`).",
  },
  config: {
    group: "File",
    kind: filePath,
    default: undefined,
    meaning: "A YAML file with any of these keys. Flags and variables go before it.",
  },
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof OPTIONS;

/** In the order of the schema, which is the order of every listing. */
export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[];

type ValueOf<O> = O extends { readonly kind: ValueKind<infer T>; readonly default: infer D }
  ? D extends string
    ? T
    : T | undefined
  : never;

/** A parsed value for each option. */
export type Values = { readonly [K in OptionKey]: ValueOf<(typeof OPTIONS)[K]> };

/** The option as the schema has it, without the particulars of its literal type. */
export function optionOf(key: OptionKey): Option {
  return OPTIONS[key];
}

export function isOptionKey(text: string): text is OptionKey {
  return Object.hasOwn(OPTIONS, text);
}

export function flagOf(key: OptionKey): string {
  return `--${key}`;
}

/** `drain-delay` is SLUICE_DRAIN_DELAY. */
export function variableOf(key: OptionKey): string {
  return `SLUICE_${key.toUpperCase().replaceAll("-", "_")}`;
}
