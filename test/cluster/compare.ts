// npm run compare [-- PART OF A TITLE]: the table of the README, measured under KUBECONFIG. Exit code 1 if sluice lost a request.

import { type Cell, measure, measureStop, SCENARIOS } from "./harness/comparison.ts";
import type { Dress } from "./harness/manifest.ts";
import { openStage } from "./harness/stage.ts";

const DRESSES: Readonly<Partial<Record<Dress, string>>> = {
  alone: "the app alone (exits on SIGTERM)",
  graceful: "with a graceful stop",
  sleep: "and `preStop: sleep 5`",
  native: "**with sluice** (exits on SIGTERM)",
};
/** Part of a title: only those scenarios. */
const [only = ""] = process.argv.slice(2);
const turns = process.env.SLUICE_LONG === "1" ? 5 : 1;

function sum(cells: readonly Cell[], of: (cell: Cell) => number): number {
  return cells.reduce((total, cell) => total + of(cell), 0);
}

/** Failed requests per action; what nobody could have saved is said beside it. */
function write(cells: readonly Cell[]): string {
  const per = (count: number) => `${Math.round((count / cells.length) * 10) / 10}`;
  const executing = sum(cells, (cell) => cell.executing);
  const refused = sum(cells, (cell) => cell.refused);
  const why = [
    ...(executing > 0 ? [`${per(executing)} POSTs under way`] : []),
    ...(refused > 0 ? [`${per(refused)} refused by kube-proxy`] : []),
  ];
  return `${per(sum(cells, (cell) => cell.failed))}${why.length > 0 ? ` (${why.join(", ")})` : ""}`;
}

const stage = await openStage("compare", process.env);
let lost = 0;
try {
  const dresses = Object.keys(DRESSES) as Dress[];
  const rows = new Map(dresses.map((dress): [Dress, string[]] => [dress, []]));
  const chosen = SCENARIOS.filter(({ title }) => title.includes(only));
  for (const scenario of chosen) {
    for (const dress of dresses) {
      const cells: Cell[] = [];
      for (let turn = 0; turn < turns; turn++) cells.push(await measure(stage, scenario, dress, turn));
      rows.get(dress)?.push(write(cells));
      const longest = Math.round(Math.max(...cells.map(({ longestMs }) => longestMs)));
      const begun = sum(cells, (cell) => cell.begun);
      console.error(`${scenario.title}, ${dress}: ${write(cells)} of ${begun} failed, longest ${longest} ms`);
      if (dress !== "native") continue;
      lost += sum(cells, (cell) => cell.lost.length);
      for (const each of cells.flatMap((cell) => cell.lost)) console.error(`  lost: ${each}`);
    }
  }
  for (const dress of dresses) {
    const seconds = await measureStop(stage, dress);
    rows.get(dress)?.push(`${seconds.toFixed(1)} s`);
  }
  const titles = ["failed requests", ...chosen.map(({ title }) => title), "stop of an idle Pod"];
  console.log(`| ${titles.join(" | ")} |\n|${titles.map(() => "---|").join("")}`);
  for (const [dress, cells] of rows) console.log(`| ${[DRESSES[dress], ...cells].join(" | ")} |`);
} finally {
  await stage.close();
}
process.exitCode = lost > 0 ? 1 : 0;
