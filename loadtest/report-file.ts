// The report of a load test as one HTML file that explains itself: verdict, accounts, latencies over time with what happened
// marked on them, every request that was lost.

import { type Element, element, type Part } from "../src/picture/markup.ts";
import { reportPage, wordTable } from "../src/picture/report-page.ts";
import type { Account, Named } from "./account.ts";
import type { ScenarioResult, ScenarioRun } from "./conduct.ts";
import type { Course } from "./course.ts";
import { coursePicture } from "./course-picture.ts";
import type { Figure } from "./figures.ts";
import { count } from "./table.ts";
import { type Verdict, worst } from "./verdict.ts";

const HOW = [
  "A client of its own wrote numbered requests and checked every answer to its last byte; it tries nothing twice, so what it did not get whole and right is lost.",
  "Three accounts are compared: what the client wrote and got, what sluice counted, and what the apps wrote down before they did anything.",
  "Each scenario ran a second time with its protection taken away. That control has to lose requests: otherwise this load could not have seen a loss, and nothing is proven.",
];

/** `made`: when, for people. */
export function scenarioReport(
  results: readonly ScenarioResult[],
  seed: number,
  seconds: number,
  made: string,
): string {
  const verdict = worst(results.map((result) => result.verdict));
  const requests = results.reduce((sum, { run }) => sum + (run?.account.begun ?? 0), 0);
  const lost = results.reduce((sum, { run }) => sum + (run?.account.lost.length ?? 0), 0);
  return reportPage(
    `sluice load test: ${verdict}`,
    element(
      "header",
      { class: "card" },
      element("h1", {}, "Load test of sluice: ", verdictWord(verdict)),
      element(
        "dl",
        {},
        fact("requests", count(requests)),
        fact("lost", count(lost)),
        fact("scenarios", String(results.length)),
        fact("duration", `${seconds.toFixed(0)} s`),
        fact("seed", String(seed)),
      ),
      element("p", { class: "quiet" }, made),
      element(
        "details",
        {},
        element("summary", {}, "How to read this"),
        HOW.map((line) => element("p", {}, line)),
      ),
    ),
    results.length > 1 && element("section", {}, element("h2", {}, "All scenarios"), overview(results)),
    results.map(scenarioSection),
  );
}

function overview(results: readonly ScenarioResult[]): Element {
  return wordTable(
    ["", "requests", "verified", "lost", "excused", "replayed", "events", "control lost", "verdict"],
    results.map(({ name, run, control, verdict }) => [
      name,
      run ? count(run.account.begun) : "-",
      run ? count(run.account.verified) : "-",
      run ? count(run.account.lost.length) : "-",
      run ? count(run.account.excused.length) : "-",
      run ? count(run.account.replayed) : "-",
      run ? count(run.marks.length) : "-",
      control ? count(control.lost) : "-",
      verdict,
    ]),
  );
}

function scenarioSection({
  name,
  promise,
  verdict,
  reasons,
  run,
  control,
  controlIs,
}: ScenarioResult): Element {
  return element(
    "section",
    { id: name },
    element("h2", {}, `${name}: `, verdictWord(verdict)),
    element("p", {}, promise),
    reasons.map((reason) => element("p", { class: "bad" }, `Because ${reason}.`)),
    run && [
      ...coursePicture(run.course, name),
      accountPart(run.account),
      figuresPart(run.figures),
      endsPart(run),
    ],
    control &&
      element(
        "details",
        {},
        element(
          "summary",
          {},
          `The control (${controlIs}) lost ${count(control.lost)} of ${count(control.begun)} requests`,
        ),
        coursePicture(control.course, `the control of ${name}`),
      ),
  );
}

function accountPart(account: Account): readonly Part[] {
  const sum = (ended: Readonly<Record<string, number>>) =>
    Object.entries(ended)
      .filter(([, times]) => times > 0)
      .map(([how, times]) => `${count(times)} ${how.replace("_", " ")}`)
      .join(", ");
  return [
    element("h3", {}, "The accounts"),
    wordTable(
      ["", "says"],
      [
        [
          "client",
          `${count(account.begun)} begun, ${count(account.written)} written, ${count(account.verified)} verified`,
        ],
        ...account.sluices.map(({ accepted, ended, inFlight }) => [
          "sluice",
          `${count(accepted)} accepted: ${sum(ended)}, ${inFlight} in flight`,
        ]),
        [
          "apps",
          `${count(account.executed)} executed, ${count(account.replayed)} of them idempotent and executed again`,
        ],
      ],
      "words",
    ),
    named("Lost", account.lost),
    named("POSTs executed twice", account.doubled),
    named("Excused", account.excused),
    named("Counted apart", account.apart),
    account.disagreements.map((words) => element("p", { class: "bad" }, `Differs: ${words}`)),
  ];
}

const MOST_NAMED = 200;

function named(title: string, all: readonly Named[]): Part {
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MOST_NAMED).map(({ number, method, why }) => [`${method} ${number}`, why]);
  const more = all.length > MOST_NAMED ? [["…", `and ${all.length - MOST_NAMED} more`]] : [];
  return element(
    "details",
    {},
    element("summary", {}, `${title}: ${count(all.length)}`),
    wordTable(["request", "what became of it"], [...shown, ...more], "words"),
  );
}

function figuresPart(figures: readonly Figure[]): Part {
  if (figures.length === 0) return undefined;
  return [
    element("h3", {}, "Figures"),
    wordTable(
      ["", "measured", "goal", ""],
      figures.map(({ what, measured, goal, met }) => [
        what,
        measured,
        goal,
        met === undefined ? "" : met ? "met" : "MISSED",
      ]),
      "words",
    ),
  ];
}

function endsPart({ ends }: ScenarioRun): Part {
  if (ends.length === 0) return undefined;
  const words = ends.map(([end, times]) => `${count(times)} × ${end}`).join(", ");
  return element("p", { class: "quiet" }, `The client's connections ended: ${words}.`);
}

export interface TargetSummary {
  readonly url: string;
  readonly begun: number;
  readonly verified: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly lost: readonly {
    readonly number: number;
    readonly method: string;
    readonly failure: string | undefined;
    readonly detail: string;
  }[];
  readonly seed: number;
}

/** Of load on a running target. */
export function targetReport(summary: TargetSummary, course: Course, made: string): string {
  const ok = summary.lost.length === 0 && summary.begun > 0;
  return reportPage(
    `Load on ${summary.url}`,
    element(
      "header",
      { class: "card" },
      element(
        "h1",
        {},
        `Load on ${summary.url}: `,
        element("span", { class: ok ? "good" : "bad" }, ok ? "nothing lost" : `${summary.lost.length} lost`),
      ),
      element(
        "dl",
        {},
        fact("requests", count(summary.begun)),
        fact("verified", count(summary.verified)),
        fact("lost", count(summary.lost.length)),
        fact("median", `${summary.medianMs.toFixed(1)} ms`),
        fact("p99", `${summary.p99Ms.toFixed(1)} ms`),
        fact("seed", String(summary.seed)),
      ),
      element("p", { class: "quiet" }, made),
      element("p", { class: "quiet" }, HOW[0]!),
    ),
    element(
      "section",
      {},
      element("h2", {}, "Over time"),
      coursePicture(course, summary.url),
      named(
        "Lost",
        summary.lost.map(({ number, method, failure, detail }) => ({
          number,
          method,
          why: `${failure} (${detail})`,
        })),
      ),
    ),
  );
}

function verdictWord(verdict: Verdict): Element {
  return element("span", { class: verdict === "proven" ? "good" : "bad" }, verdict);
}

function fact(name: string, value: string): Part {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}
