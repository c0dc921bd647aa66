import type { Sample } from "../cases/bench-case.ts";
import type { BenchResult } from "./result.ts";

/** A run of one case with a ratio (`cpu`) and a value (`ms`), of a peer called sluice and of nginx. */
export function resultOf(
  rounds: readonly Readonly<Record<string, Sample>>[],
  changes: Partial<BenchResult> = {},
): BenchResult {
  return {
    date: "2026-11-23T22:00:00.000Z",
    command: "npm run bench -- --rounds 3",
    machine: "2 cores",
    versions: ["Node v26", "nginx 1.22.1"],
    pace: { seconds: 3, warmUpSeconds: 2, rate: 3_000 },
    rounds: rounds.length,
    peers: [
      { name: "sluice", title: "sluice, wire" },
      { name: "nginx", title: "nginx" },
    ],
    yardstick: "nginx",
    cases: [
      {
        name: "get",
        meaning: "a GET",
        rows: [
          { key: "cpu", title: "GET", unit: "µs", as: "ratio" },
          { key: "ms", title: "start", unit: "ms", as: "value" },
        ],
        rounds,
      },
    ],
    absences: [],
    ...changes,
  };
}
