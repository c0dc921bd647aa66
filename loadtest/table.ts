// What a person reads at the end: one row per promise, then every figure, every excuse and every request that does not
// add up.

import type { Account, Named } from "./account.ts";
import type { ScenarioResult } from "./conduct.ts";
import { worst } from "./verdict.ts";

/** Lays out rows in columns; the first row is the head. */
function layOut(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

const MOST_NAMED = 20;

function names(title: string, all: readonly Named[]): string[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, MOST_NAMED).map(({ number, method, why }) => `    ${method} ${number}: ${why}`);
  const more =
    all.length > MOST_NAMED ? [`    and ${all.length - MOST_NAMED} more (--output json lists all)`] : [];
  return [`  ${title}: ${all.length}`, ...shown, ...more];
}

/** The account of one run in lines, each request that is not verified by its number. */
function describeAccount(account: Account): string[] {
  const versions = Object.entries(account.byVersion);
  const shown =
    versions.length > 4
      ? `${versions.length} versions`
      : versions.map(([version, times]) => `${version} ${count(times)}`).join(", ");
  const sluice = account.sluices.map(({ accepted, ended, inFlight }) => {
    const parts = Object.entries(ended).filter(([, times]) => times > 0);
    return `  sluice  ${count(accepted)} accepted: ${parts.map(([how, times]) => `${count(times)} ${how.replace("_", " ")}`).join(", ")}, ${inFlight} in flight`;
  });
  return [
    `  client  ${count(account.begun)} begun, ${count(account.written)} written, ${count(account.verified)} verified (${shown})`,
    ...sluice,
    `  apps    ${count(account.executed)} executed, ${count(account.replayed)} of them idempotent and executed again`,
    ...names("lost", account.lost),
    ...names("POSTs executed twice", account.doubled),
    ...names("excused", account.excused),
    ...names("counted apart", account.apart),
    ...account.disagreements.slice(0, MOST_NAMED).map((text) => `  differs: ${text}`),
    ...(account.disagreements.length > MOST_NAMED
      ? [`  differs: and ${account.disagreements.length - MOST_NAMED} more`]
      : []),
  ];
}

function describeScenario(result: ScenarioResult): string {
  const { run, control } = result;
  const lines = [`${result.name}: ${result.verdict}`, `  ${result.promise}`];
  for (const reason of result.reasons) lines.push(`  because ${reason}`);
  if (run) {
    lines.push(...describeAccount(run.account));
    const flying = run.marks.map(({ inFlight }) => inFlight);
    if (flying.length > 0)
      lines.push(
        `  events  ${flying.length}, with ${Math.min(...flying)} to ${Math.max(...flying)} requests in flight`,
      );
    if (run.ends.length > 0)
      lines.push(`  ends    ${run.ends.map(([end, times]) => `${times} x ${end}`).join(", ")}`);
  }
  if (control) {
    const flying =
      control.inFlight.length > 0 ? `, ${control.inFlight.join(", ")} in flight at the event` : "";
    lines.push(`  control ${result.controlIs}: ${control.lost} of ${count(control.begun)} lost${flying}`);
  }
  return lines.join("\n");
}

/** The whole report. */
export function report(results: readonly ScenarioResult[], seed: number, seconds: number): string {
  const rows = results.map(({ name, verdict, run, control }) => [
    name,
    run ? count(run.account.begun) : "-",
    run ? count(run.account.verified) : "-",
    run ? `${run.account.lost.length}` : "-",
    run ? `${run.account.excused.length}` : "-",
    run ? `${run.account.replayed}` : "-",
    run ? `${run.marks.length}` : "-",
    control ? `${control.lost}` : "-",
    verdict,
  ]);
  const head = [
    "scenario",
    "requests",
    "verified",
    "lost",
    "excused",
    "replayed",
    "events",
    "control lost",
    "verdict",
  ];
  const figures = results.flatMap(({ name, run }) =>
    (run?.figures ?? []).map(({ what, measured, goal, met }) => [
      name,
      what,
      measured,
      goal,
      met === undefined ? "" : met ? "met" : "MISSED",
    ]),
  );
  const total = results.reduce((sum, { run }) => sum + (run?.account.begun ?? 0), 0);
  const events = results.reduce((sum, { run }) => sum + (run?.marks.length ?? 0), 0);
  return [
    ...results.map(describeScenario),
    layOut([head, ...rows]),
    ...(figures.length > 0 ? [layOut([["scenario", "figure", "measured", "goal", ""], ...figures])] : []),
    `${worst(results.map(({ verdict }) => verdict))}: ${count(total)} requests and ${events} events in ${seconds.toFixed(0)} s, seed ${seed}\n`,
  ].join("\n\n");
}
