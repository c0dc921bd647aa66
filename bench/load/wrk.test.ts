import { expect, test } from "vitest";
import { readWrkReport, wrkScript } from "./wrk.ts";

const URL = "http://127.0.0.1:1/";

test("the report is the line of JSON among what wrk prints", () => {
  const output = `Running 3s test @ ${URL}
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
  111174 requests in 2.00s, 27.89MB read
{"requests":111174,"seconds":2.001592,"failed":3,"refused":1,"broken":2,"late":0,"p50":1080,"p99":2290,"p999":4107}
`;
  expect(readWrkReport(output)).toEqual({
    requests: 111_174,
    seconds: 2.001592,
    failed: 3,
    refused: 1,
    broken: 2,
    late: 0,
    p50: 1_080,
    p99: 2_290,
    p999: 4_107,
  });
});

test("a wrk that reports nothing is no measurement", () => {
  expect(() => readWrkReport("unable to connect to 127.0.0.1:1 Connection refused\n")).toThrow("refused");
});

test("a closed loop has neither body nor pauses", () => {
  const script = wrkScript({ url: URL, connections: 64, seconds: 1 });
  expect(script).not.toMatch(/wrk\.body|function delay/);
  expect(script).toContain("function done");
});

test("pauses are twice the mean at most, so that the rate comes out", () => {
  // 64 connections at 3,000 a second: one asks every 21.3 ms.
  expect(wrkScript({ url: URL, connections: 64, seconds: 1, rate: 3_000 })).toContain("math.random(0, 43)");
});

test("a body makes it a POST of that many bytes", () => {
  const script = wrkScript({ url: URL, connections: 1, seconds: 1, bodyBytes: 16_384 });
  expect(script).toMatch(/wrk\.method = "POST"\nwrk\.body = string\.rep\("p", 16384\)/);
});
