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
    path: "src/proxy/retries.ts",
    name: "DEATH_NEWS_MS",
    meaning: "How long a replay waits for the news that its app has died, before it is sent to the same one.",
  },
  {
    path: "src/proxy/retries.ts",
    name: "SECOND_DEATH_NEWS_MS",
    meaning: "The same where the replay has broken as well: then it goes to another one, or fails.",
  },
  {
    path: "src/proxy/wire/app-pool.ts",
    name: "MOST_DIALS",
    meaning:
      "Connections to the app that are begun in one turn of the event loop; who waits takes what has become idle meanwhile.",
  },
  {
    path: "src/proxy/wire/app-pool.ts",
    name: "RETIRE_MS",
    meaning: "Time over which the idle connections of a generation that was left are closed.",
  },
  {
    path: "src/proxy/wire/turns.ts",
    name: "MOST_AHEAD",
    meaning: "Requests that are read of a pipeline before their turn.",
  },
  {
    path: "src/proxy/wire/client-connection.ts",
    name: "MOST_BEHIND_BYTES",
    meaning: "While a request is served: most that is taken in of what is behind it.",
  },
  {
    path: "src/proxy/wire/request-body.ts",
    name: "MOST_WAITING_BYTES",
    meaning: "Most of a body that waits for a slow app.",
  },
  {
    path: "src/proxy/wire/chunked-scan.ts",
    name: "MOST_EXTENSION_BYTES",
    meaning: "Chunk extensions of one message.",
  },
  {
    path: "src/proxy/wire/house.ts",
    name: "LINGER_MS",
    meaning: "How long what a refused client still sends is read and dropped, so that it sees the answer.",
  },
  {
    path: "src/proxy/vanished-client.ts",
    name: "ASK_AFTER_MS",
    meaning: "WebSockets: silence of a client until its machine is asked whether it is there.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "MAX_STREAMS",
    meaning: "HTTP/2: requests at a time on one client's connection.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "STREAM_WINDOW_BYTES",
    meaning: "HTTP/2: most of one request's body that waits for a slow app.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "CONNECTION_WINDOW_BYTES",
    meaning: "HTTP/2: most that a client may send on a connection before it is told to go on.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "SESSION_MEMORY_MB",
    meaning: "HTTP/2: memory of one client's connection, MB; beyond it new streams are refused.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "RESETS_AT_ONCE",
    meaning: "HTTP/2: streams that a client may reset at once; beyond, its connection ends.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "RESETS_PER_SECOND",
    meaning: "HTTP/2: the same per second in the long run.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "MAX_INVALID_FRAMES",
    meaning: "HTTP/2: malformed frames until the connection ends.",
  },
  {
    path: "src/proxy/h2/session-options.ts",
    name: "MAX_REJECTED_STREAMS",
    meaning: "HTTP/2: refused streams until the connection ends.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "PINGS_AT_ONCE",
    meaning: "HTTP/2: pings that a client may send at once; beyond, its connection ends.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "PINGS_PER_SECOND",
    meaning: "HTTP/2: the same per second in the long run.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "BUSY_PINGS_PER_SECOND",
    meaning: "HTTP/2: the same while requests are under way.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "SETTINGS_AT_ONCE",
    meaning: "HTTP/2: SETTINGS that a client may send at once; beyond, its connection ends.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "SETTINGS_PER_SECOND",
    meaning: "HTTP/2: the same per second in the long run.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "NOTICE_MS",
    meaning: "HTTP/2: longest time between the two steps of a GOAWAY.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "LINGER_MS",
    meaning: "HTTP/2: how long a client may take to close a connection that is over.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "SILENCE_MS",
    meaning: "HTTP/2: silence of a client with open calls until it is asked whether it is there.",
  },
  {
    path: "src/proxy/h2/client-session.ts",
    name: "PONG_MS",
    meaning: "HTTP/2: how long it may take to say so.",
  },
  {
    path: "src/proxy/h2/app-session.ts",
    name: "ASSUMED_STREAMS",
    meaning: "HTTP/2: requests that may wait for a new connection to the app.",
  },
  {
    path: "src/proxy/h2/app-session.ts",
    name: "PROOF_AFTER_MS",
    meaning:
      "HTTP/2: idle time after which a connection to the app is asked whether it stands before it is used.",
  },
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
    meaning:
      "After a restart of sluice: the longest wait for the instance that was active; half of --hold-timeout, if that is shorter.",
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
    path: "src/api/dispatch.ts",
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
    path: "src/api/flow-stream.ts",
    name: "MAX_WAITING_BYTES",
    meaning: "Most bytes that wait for a slow reader of the flow; then samples are left out.",
  },
  { path: "src/api/live.ts", name: "MOST_PAGES", meaning: "Most status pages that look on." },
  {
    path: "src/api/live.ts",
    name: "MAX_WAITING_BYTES",
    meaning: "Most bytes that wait for a page that does not read; then it is cut off.",
  },
  {
    path: "src/telemetry/flow.ts",
    name: "SAMPLE_EVERY_MS",
    meaning: "Time between two samples of the flow of requests.",
  },
  {
    path: "src/telemetry/kept-samples.ts",
    name: "NEWEST",
    meaning: "Newest samples that are kept for those who ask later.",
  },
  {
    path: "src/telemetry/kept-samples.ts",
    name: "OLDER",
    meaning: "Older samples that are kept, of those within 15 s of the border of a phase.",
  },
  {
    path: "src/telemetry/log.ts",
    name: "MAX_WAITING_BYTES",
    meaning: "Most bytes of log that wait for a slow reader; then lines are dropped.",
  },
  {
    path: "src/telemetry/tracing/span-queue.ts",
    name: "MOST_WAITING",
    meaning: "Spans that wait for the collector; further ones are dropped.",
  },
  {
    path: "src/telemetry/tracing/span-queue.ts",
    name: "SEND_WITHIN_MS",
    meaning: "How long the collector may take for a batch of spans.",
  },
  {
    path: "src/telemetry/tracing/request-tracer.ts",
    name: "MOST_TRACES_A_SECOND",
    meaning: "Requests traced in a second, whoever asks for it.",
  },
  { path: "src/api/upkeep.ts", name: "MOST_PROFILE_MS", meaning: "Longest profile of sluice itself." },
  {
    path: "src/telemetry/profiler.ts",
    name: "MOST_HEAP_BYTES",
    meaning: "Largest heap of which a snapshot is taken.",
  },
  { path: "src/telemetry/events.ts", name: "KEPT", meaning: "Events that are kept for those who ask later." },
  {
    path: "src/telemetry/events.ts",
    name: "KEPT_OF_A_TYPE",
    meaning: "Most failed requests among them, and most refused orders.",
  },
  {
    path: "src/telemetry/events.ts",
    name: "LINES_OF_A_TYPE",
    meaning: "Failed requests logged in a second, and refused orders.",
  },
  {
    path: "src/telemetry/oddity-log.ts",
    name: "LINE_EVERY_MS",
    meaning: "Time between two lines of the log on clients that speak TLS to the plain port.",
  },
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
