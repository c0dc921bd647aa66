// h2load: HTTP/2 without TLS, closed loop.

export interface H2loadOptions {
  readonly url: string;
  readonly connections: number;
  /** Streams that each connection has open at once. */
  readonly streams: number;
  readonly seconds: number;
  /** File with the body of each request. */
  readonly body: string;
  /** "name: value" */
  readonly fields: readonly string[];
}

export interface H2loadReport {
  readonly requests: number;
  /** Not answered with 2xx, or not at all. */
  readonly failed: number;
}

export function h2loadCommand(options: H2loadOptions): readonly string[] {
  const { url, connections, streams, seconds, body, fields } = options;
  return [
    ...["h2load", "--threads", "1", "--clients", `${connections}`, "--max-concurrent-streams", `${streams}`],
    ...["--duration", `${seconds}`, "--data", body],
    ...fields.flatMap((field) => ["--header", field]),
    url,
  ];
}

/** Reads what h2load says at its end. Throws if it does not say it. */
export function readH2loadReport(output: string): H2loadReport {
  const [, done, failed, errored, timeout] =
    /^requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored, (\d+) timeout$/m.exec(
      output,
    ) ?? [];
  const [, good] = /^status codes: (\d+) 2xx, /m.exec(output) ?? [];
  if (done === undefined || good === undefined) throw new Error(`h2load reports nothing: ${output}`);
  const requests = Number(done);
  const lost = Number(failed) + Number(errored) + Number(timeout);
  return { requests, failed: Math.max(lost, requests - Number(good)) };
}
