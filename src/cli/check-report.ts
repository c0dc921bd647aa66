// What `sluice check` found, for people and as JSON.

import { CHECKS } from "../check/catalogue.ts";
import type { Finding } from "../check/finding.ts";
import type { Inspection } from "../check/inspect.ts";
import type { Terminal } from "./terminal.ts";

/** What could not be looked at, and why: a check that needs it says nothing. */
export type Unseen = readonly string[];

const WIDEST = 110;

/** Grouped by workload; the reason of a check is told once in each group. */
export function formatReport(inspections: readonly Inspection[], unseen: Unseen, terminal: Terminal): string {
  const { paint } = terminal;
  const groups = inspections.map(({ facts, findings }) => {
    const { object, title } = facts.workload;
    const place = object.file === "" ? "" : ` (${object.file}:${object.line})`;
    const namespace = object.namespace === undefined ? "" : ` in ${object.namespace}`;
    const kind = facts.sidecar ? "with sluice" : "without sluice";
    const told = new Set<string>();
    const lines = findings.map((finding) => {
      const isFirst = !told.has(finding.id);
      told.add(finding.id);
      return formatFinding(finding, isFirst, terminal);
    });
    const head = `${paint.bold(title)}${namespace}${place}, ${kind}`;
    return findings.length === 0
      ? `${head}: ${paint.green("nothing found")}\n`
      : `${head}\n${lines.join("")}`;
  });
  const hidden = unseen.map((what) => `${paint.yellow("not seen:")} ${what}\n`);
  return `${groups.join("\n")}\n${hidden.join("")}${summaryLine(inspections, terminal)}\n`;
}

function formatFinding(finding: Finding, withReason: boolean, { paint, columns }: Terminal): string {
  const { id, severity, what, why, fix, path, object, docs } = finding;
  const word = severity === "error" ? paint.red("error") : paint.yellow("warning");
  const at = finding.file === undefined ? "" : `${finding.file}:${finding.line}: `;
  const paragraph = (label: string, text: string) => wrap(`${label}${text}`, 4, Math.min(columns, WIDEST));
  return [
    `  ${word} ${paint.bold(id)}: ${what}\n`,
    `    ${paint.dim(`${at}${object}${path === "" ? "" : `: ${path}`}`)}\n`,
    withReason ? paragraph("Why: ", why) : "",
    paragraph("Mend: ", fix),
    withReason ? `    ${paint.dim(docs)}\n` : "",
  ].join("");
}

function summaryLine(inspections: readonly Inspection[], { paint }: Terminal): string {
  const { errors, warnings } = countOf(inspections);
  const workloads = counted(inspections.length, "workload");
  if (errors + warnings === 0) return paint.green(`Nothing found in ${workloads}.`);
  const text = `${counted(errors, "error")}, ${counted(warnings, "warning")} in ${workloads}.`;
  return errors > 0 ? paint.red(text) : paint.yellow(text);
}

export function countOf(inspections: readonly Inspection[]): {
  readonly errors: number;
  readonly warnings: number;
} {
  const all = inspections.flatMap(({ findings }) => findings);
  const errors = all.filter(({ severity }) => severity === "error").length;
  return { errors, warnings: all.length - errors };
}

/** One JSON document; docs/checks.md describes it. Fields may be added, none goes away or changes its meaning. */
export function formatJson(inspections: readonly Inspection[], unseen: Unseen): string {
  const document = {
    version: 1,
    summary: { workloads: inspections.length, ...countOf(inspections) },
    unseen,
    workloads: inspections.map(({ facts: { workload, sidecar }, findings }) => ({
      kind: workload.object.kind,
      namespace: workload.object.namespace ?? null,
      name: workload.object.name,
      file: workload.object.file || null,
      line: workload.object.file === "" ? null : workload.object.line,
      sluice: sidecar?.container.name ?? null,
      findings: findings.map(({ file, line, ...finding }) => ({
        ...finding,
        file: file ?? null,
        line: line ?? null,
      })),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Every check in a line: severity, id, title. */
export function formatCatalogue(): string {
  const width = Math.max(...CHECKS.map(({ id }) => id.length));
  return CHECKS.map(
    ({ id, severity, title, live }) =>
      `${severity.padEnd(7)}  ${id.padEnd(width)}  ${title}${live ? " (live)" : ""}\n`,
  ).join("");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function wrap(text: string, indent: number, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => `${" ".repeat(indent)}${one}\n`).join("");
}
