// What a story did to requests, as rows of words: the same in a terminal, in a report and on the page.

import { count, duration } from "../picture/scale.ts";
import type { Story } from "./story.ts";
import type { Traffic } from "./traffic.ts";

export interface TrafficTable {
  /** "before", "during", "after" with their lengths; the first column names the row. */
  readonly heads: readonly [string, string, string, string];
  readonly rows: readonly (readonly [string, string, string, string])[];
}

/** Undefined where no sample of that time is kept. */
export function trafficTable({ traffic, before, after, until }: Story): TrafficTable | undefined {
  const windows = [traffic.before, traffic.during, traffic.after] as const;
  if (windows.every((window) => window === undefined)) return undefined;
  const row = (name: string, read: (window: Traffic) => string): [string, string, string, string] => [
    name,
    ...(windows.map((window) => (window ? read(window) : "-")) as [string, string, string]),
  ];
  const head = (name: string, window: Traffic | undefined) =>
    window ? `${name} (${duration(window.until - window.from)})` : name;
  const actors = new Map<number, string>();
  for (const actor of [before, after])
    if (actor) actors.set(actor.generation, titleOf(actor.version, actor.slot));
  for (const window of windows)
    for (const { generation, version, slot } of window?.answered ?? [])
      if (!actors.has(generation)) actors.set(generation, titleOf(version, slot));
  const answeredBy = (window: Traffic, generation: number) =>
    count(window.answered.find((one) => one.generation === generation)?.count ?? 0);
  return {
    heads: [
      "",
      head("before", traffic.before),
      head(until === undefined ? "so far" : "during", traffic.during),
      head("after", traffic.after),
    ],
    rows: [
      ...[...actors].map(([generation, title]) =>
        row(`answered by ${title}`, (one) => answeredBy(one, generation)),
      ),
      row("p50", ({ p50Ms }) => (p50Ms === undefined ? "-" : duration(p50Ms))),
      row("p99", ({ p99Ms }) => (p99Ms === undefined ? "-" : duration(p99Ms))),
      row("held (longest wait)", ({ held, longestHoldMs }) =>
        held > 0 && longestHoldMs > 0 ? `${count(held)} (${duration(longestHoldMs)})` : count(held),
      ),
      row("replayed", ({ replayed }) => count(replayed)),
      row("failed, cut or refused", ({ failed, cut, refused }) => count(failed + cut + refused)),
    ],
  };
}

function titleOf(version: string | undefined, slot: string): string {
  return `${version ?? "the app"} in ${slot}`;
}

export interface Verdict {
  readonly ok: boolean;
  readonly words: string;
}

/** Where samples are gone, or were never there, as in a log. */
function byEventsAlone({ events }: Story): Verdict {
  const failed = events.filter(({ type }) => type === "request_failed").length;
  const cut = events.reduce(
    (sum, { details }) => sum + (typeof details.cut === "number" ? details.cut : 0),
    0,
  );
  const unknown = "how many were answered is not known, since no samples of that time are there";
  if (failed + cut === 0) return { ok: true, words: `No event tells of a lost request; ${unknown}.` };
  return {
    ok: false,
    words: `By its events ${count(failed)} failed or were cut (${count(cut)} at the deadline); ${unknown}.`,
  };
}

/** The one sentence that somebody in a hurry reads. */
export function verdictOf(story: Story): Verdict {
  const { traffic, until, kind } = story;
  const { during } = traffic;
  if (!during) return byEventsAlone(story);
  const harmed = during.failed + during.cut + during.refused;
  const what = kind === "stop" ? "the stop" : kind === "start" ? "the start" : "the switch";
  const held =
    during.held === 0
      ? "none had to wait"
      : `${count(during.held)} waited, the longest for ${duration(during.longestHoldMs)}`;
  const total = during.answered.reduce((sum, one) => sum + one.count, 0);
  const soFar = until === undefined ? " so far" : "";
  if (harmed + total + during.held === 0)
    return { ok: true, words: `No request came during ${what}${soFar}.` };
  if (harmed === 0)
    return { ok: true, words: `No request was lost in ${what}${soFar}: ${count(total)} answered, ${held}.` };
  const parts = [
    during.failed > 0 ? `${count(during.failed)} failed` : "",
    during.cut > 0 ? `${count(during.cut)} cut at the deadline` : "",
    during.refused > 0 ? `${count(during.refused)} refused` : "",
  ].filter((part) => part !== "");
  return { ok: false, words: `${parts.join(", ")} in ${what}${soFar}; ${count(total)} answered, ${held}.` };
}
