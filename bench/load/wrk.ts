// wrk: closed loop, as fast as it goes; or paced by random pauses.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface WrkOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Bytes of a POST's body; undefined: GET. */
  readonly bodyBytes?: number;
  /** A new connection for each request. */
  readonly fresh?: boolean;
  /** Requests per second of all connections together; undefined: as many as are answered. */
  readonly rate?: number;
}

export interface WrkReport {
  readonly requests: number;
  readonly seconds: number;
  /** Sum of the three below. */
  readonly failed: number;
  /** Answers other than 2xx and 3xx. */
  readonly refused: number;
  /** Connections that could not be made, read or written. */
  readonly broken: number;
  /** Requests that were not answered within 10 s. */
  readonly late: number;
  /** Time from request to end of the answer, us. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** wrk's own report rounds; this one is a line of JSON. */
const REPORT = `function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"failed":%d,"refused":%d,"broken":%d,"late":%d,"p50":%d,"p99":%d,"p999":%d}\\n',
    summary.requests, summary.duration / 1e6,
    errors.status + broken + errors.timeout, errors.status, broken, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
`;

/** The Lua script of a run. Pauses are uniform between 0 and twice the mean, in whole ms, so that connections do not march in step. */
export function wrkScript({ bodyBytes, rate, connections }: WrkOptions): string {
  const body =
    bodyBytes === undefined ? "" : `wrk.method = "POST"\nwrk.body = string.rep("p", ${bodyBytes})\n`;
  const longest = rate === undefined ? 0 : Math.round((2_000 * connections) / rate);
  const pause = rate === undefined ? "" : `function delay() return math.random(0, ${longest}) end\n`;
  return body + pause + REPORT;
}

/** The command of a run; writes its script into the folder. */
export function wrkCommand(options: WrkOptions, directory: string): readonly string[] {
  const script = join(directory, "wrk.lua");
  writeFileSync(script, wrkScript(options));
  const { url, connections, seconds, fresh } = options;
  return [
    ...["wrk", "--threads", "1", "--connections", `${connections}`, "--duration", `${seconds}s`],
    ...["--timeout", "10s", "--script", script],
    ...(fresh ? ["--header", "Connection: close"] : []),
    url,
  ];
}

/** The line that the script has written. Throws if there is none. */
export function readWrkReport(output: string): WrkReport {
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`wrk reports nothing: ${output}`);
  return JSON.parse(line) as WrkReport;
}
