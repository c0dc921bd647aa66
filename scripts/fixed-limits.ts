// Limits that no option changes, as docs/limits.md lists them. The values are read from the sources.

import { readFileSync } from "node:fs";
import { join } from "node:path";

interface FixedLimit {
  readonly path: string;
  readonly name: string;
  readonly meaning: string;
}

const FIXED: readonly FixedLimit[] = [
  {
    path: "src/proxy/hold.ts",
    name: "FIRST_BATCH",
    meaning: "Held requests that are released first; each further batch is twice as large.",
  },
  { path: "src/proxy/hold.ts", name: "BATCH_GAP_MS", meaning: "Time between two of these batches." },
  {
    path: "src/lifecycle/state.ts",
    name: "HOOK_WINDOW_MS",
    meaning: "How long a hook waits for the others of a Pod's stop.",
  },
  {
    path: "src/lifecycle/state.ts",
    name: "RESUME_WINDOW_MS",
    meaning: "How long an instance may take to come back to its generation.",
  },
  {
    path: "src/lifecycle/state.ts",
    name: "AWAIT_INSTANCE_MS",
    meaning: "After a restart of sluice: how long the instance that was active is waited for.",
  },
  {
    path: "src/lifecycle/state.ts",
    name: "EXPIRY_SLACK_MS",
    meaning: "Beyond the grace: how long after its hook a generation serves again if no SIGTERM came.",
  },
  {
    path: "src/lifecycle/state.ts",
    name: "LIVENESS_PATIENCE_MS",
    meaning: "How long a probe must have failed until `/livez/slots/{slot}` says so.",
  },
  {
    path: "src/sidecar.ts",
    name: "COMMAND_TIMEOUT_MS",
    meaning: "How long an app may take to report the outcome of a reload.",
  },
  {
    path: "src/health/probe-http.ts",
    name: "MOST_BODY_BYTES",
    meaning: "Most bytes read of a probe's answer.",
  },
  {
    path: "src/health/lifelines.ts",
    name: "PING_EVERY_MS",
    meaning: "Time between two pings on a lifeline.",
  },
  { path: "src/api/ops.ts", name: "MOST_CONNECTIONS", meaning: "Most connections to the ops port." },
  {
    path: "src/api/server.ts",
    name: "BODY_LIMIT_BYTES",
    meaning: "Largest body that the ops and control servers read.",
  },
  {
    path: "src/api/listeners.ts",
    name: "REQUEST_WITHIN_MS",
    meaning: "Longest time that a request to the ops and control servers may take to arrive.",
  },
  {
    path: "src/api/control.ts",
    name: "LIFELINE_MAX_WAITING_BYTES",
    meaning: "Most bytes that wait for an app that does not read its lifeline; then it ends.",
  },
  {
    path: "src/api/event-stream.ts",
    name: "MAX_WAITING_BYTES",
    meaning: "Most bytes that wait for a slow reader of events; then events are dropped.",
  },
  {
    path: "src/telemetry/log.ts",
    name: "MAX_WAITING_BYTES",
    meaning: "Most bytes of log that wait for a slow reader; then lines are dropped.",
  },
  { path: "src/telemetry/events.ts", name: "KEPT", meaning: "Events that are kept for those who ask later." },
  { path: "src/telemetry/events.ts", name: "KEPT_FAILURES", meaning: "Most failed requests among them." },
  { path: "src/telemetry/events.ts", name: "FAILURE_LINES", meaning: "Failed requests logged in a second." },
  {
    path: "src/telemetry/versions.ts",
    name: "KEPT_VERSIONS",
    meaning: "Versions of a slot that metrics tell apart.",
  },
  {
    path: "src/telemetry/tally.ts",
    name: "MAX_VALUES",
    meaning: "Values of a metric's label that comes from outside.",
  },
];

/** A row for each: value, meaning, constant. Throws if the constant is not there any more. */
export function fixedLimitRows(root: string): string[][] {
  return FIXED.map(({ path, name, meaning }) => {
    const text = readFileSync(join(root, path), "utf8");
    const value = new RegExp(`^(?:export )?const ${name} = ([\\d_ *]+);$`, "m").exec(text)?.[1];
    if (value === undefined)
      throw new Error(`${path} has no plain number ${name}: bring scripts/fixed-limits.ts up to date`);
    const product = value
      .replaceAll("_", "")
      .split("*")
      .reduce((so, factor) => so * Number(factor), 1);
    return [inUnits(name, product), meaning, `\`${name}\` in ${path}`];
  });
}

function inUnits(name: string, value: number): string {
  if (name.endsWith("_MS")) return value % 1_000 === 0 ? `${value / 1_000} s` : `${value} ms`;
  if (!name.endsWith("_BYTES")) return String(value);
  return value % 1_048_576 === 0 ? `${value / 1_048_576} MiB` : `${value / 1_024} KiB`;
}
