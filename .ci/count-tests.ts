// Prints "PASSED FAILED" for a report of vitest's JSON reporter. Tests that did not run count as failed, and are named.

import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const report: Report = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
let failed = report.numTotalTests - report.numPassedTests;
for (const { name, status, assertionResults } of report.testResults) {
  for (const one of assertionResults) {
    if (one.status !== "passed" && one.status !== "failed") console.error(`DID NOT RUN: ${one.fullName}`);
  }
  // A file that does not load has no tests to count.
  if (status === "failed" && assertionResults.length === 0) {
    console.error(`DID NOT LOAD: ${name}`);
    failed++;
  }
}
console.log(report.numPassedTests, failed);
