import { expect, test } from "vitest";
import { readH2loadReport } from "./h2load.ts";

const output = (requests: string, codes: string): string => `starting benchmark...
spawning thread #0: 16 total client(s). Timing-based test with 0s of warm-up time and 2s of main duration for measurements.
Main benchmark duration is over for thread #0. Stopping all clients.
Stopped all clients for thread #0

finished in 2.00s, 3925.50 req/s, 521.35KB/s
requests: ${requests}
status codes: ${codes}
traffic: 1.02MB (1067736) total, 245.34KB (251232) headers (space savings 66.67%), 528.99KB (541719) data
                     min         max         mean         sd        +/- sd
time for request:      412us     52.23ms     16.21ms      8.02ms    75.11%
`;

test("what was done is counted", () => {
  const text = output(
    "7851 total, 7915 started, 7851 done, 7851 succeeded, 0 failed, 0 errored, 0 timeout",
    "7851 2xx, 0 3xx, 0 4xx, 0 5xx",
  );
  expect(readH2loadReport(text)).toEqual({ requests: 7_851, failed: 0 });
});

test("an answer other than 2xx has failed, and so has a request without one", () => {
  const status = output(
    "100 total, 100 started, 100 done, 60 succeeded, 40 failed, 0 errored, 0 timeout",
    "60 2xx, 0 3xx, 0 4xx, 40 5xx",
  );
  expect(readH2loadReport(status)).toEqual({ requests: 100, failed: 40 });
  const errored = output(
    "100 total, 100 started, 100 done, 90 succeeded, 10 failed, 10 errored, 0 timeout",
    "90 2xx, 0 3xx, 0 4xx, 0 5xx",
  );
  expect(readH2loadReport(errored).failed).toBeGreaterThanOrEqual(10);
});

test("an h2load that reports nothing is no measurement", () => {
  expect(() => readH2loadReport("client could not connect to host\n")).toThrow("could not connect");
});
