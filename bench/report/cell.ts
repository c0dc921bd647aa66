// From the rounds of a peer to one figure.

import type { Row } from "../cases/bench-case.ts";
import { median } from "../median.ts";
import type { BenchResult, CaseResult } from "./result.ts";

export interface Cell {
  /** Median of the rounds, in the row's unit. */
  readonly value: number;
  /** Median of the ratios to the yardstick in the same round; undefined where there is none. */
  readonly ratio: number | undefined;
  /** Requests that failed, as a share of all. */
  readonly failedShare: number;
}

/** A peer's figure; undefined if it was not measured in any round. */
export function cellOf(result: CaseResult, key: string, peer: string, yardstick: string): Cell | undefined {
  const values: number[] = [];
  const ratios: number[] = [];
  let requests = 0;
  let failed = 0;
  for (const round of result.rounds) {
    const value = round[peer]?.[key];
    if (value === undefined) continue;
    values.push(value);
    requests += round[peer]?.requests ?? 0;
    failed += round[peer]?.failed ?? 0;
    const base = round[yardstick]?.[key];
    if (base !== undefined && base > 0) ratios.push(value / base);
  }
  if (values.length === 0) return undefined;
  return {
    value: median(values),
    ratio: ratios.length === 0 ? undefined : median(ratios),
    failedShare: requests === 0 ? 0 : failed / requests,
  };
}

export interface Line {
  readonly row: Row;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** All figures of a run, a line for each row of each case, and one for the most memory that any load has left. */
export function linesOf({ cases, peers, yardstick }: BenchResult): Line[] {
  const lines = cases.flatMap((result) =>
    result.rows.map((row): Line => {
      const cells: Record<string, Cell> = {};
      for (const { name } of peers) {
        const cell = cellOf(result, row.key, name, yardstick);
        if (cell) cells[name] = cell;
      }
      return { row, cells };
    }),
  );
  const most: Record<string, Cell> = {};
  for (const { name } of peers) {
    const values = cases.flatMap((result) => cellOf(result, "rss", name, yardstick)?.value ?? []);
    if (values.length > 0) most[name] = { value: Math.max(...values), ratio: undefined, failedShare: 0 };
  }
  const row: Row = { key: "rss", title: "RSS after the load that leaves most", unit: "MB", as: "value" };
  return Object.keys(most).length === 0 ? lines : [...lines, { row, cells: most }];
}
