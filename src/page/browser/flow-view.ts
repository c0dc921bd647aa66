// The flow of requests: figures of this moment, and the last minutes as two plots.

import { flowPlots } from "../../picture/flow-plot.ts";
import { type Element, element, type Part } from "../../picture/markup.ts";
import { colourOf } from "../../picture/plot.ts";
import { count, duration } from "../../picture/scale.ts";
import { percentileOf } from "../../telemetry/latency-buckets.ts";
import { type Model, recentOf } from "./model.ts";

const SHOWN_MS = 180_000;
const LEAST_SHOWN_MS = 60_000;

export function flowView({ samples, events, now, status }: Model, width: number): Element {
  const to = samples.at(-1)?.monotonicMs ?? now;
  const known = to - (samples[0]?.monotonicMs ?? to);
  const from = to - Math.min(SHOWN_MS, Math.max(LEAST_SHOWN_MS, known));
  const formatX = (at: number) => (to - at < 1 ? "now" : `−${duration(to - at)}`);
  const plots = flowPlots(samples, events, { from, to, origin: to, formatX, width });
  const recent = recentOf(samples);
  const spanMs = recent.reduce((sum, one) => sum + one.spanMs, 0) || 1;
  const sum = (read: (sample: (typeof recent)[number]) => number) =>
    recent.reduce((all, one) => all + read(one), 0);
  const latencies = recent.flatMap(({ slots }) => slots.map(({ latency }) => latency));
  const median = percentileOf(latencies, 0.5);
  const p99 = percentileOf(latencies, 0.99);
  const { account } = status ?? {};
  const lost = account ? account.ended.failed + account.ended.deadline : 0;
  return element(
    "section",
    { class: "flow", "aria-labelledby": "flow-title" },
    element("h2", { id: "flow-title" }, "Requests"),
    element(
      "dl",
      { class: "tiles" },
      tile("answered", `${count((sum(({ ended }) => ended.answered) * 1_000) / spanMs)}/s`),
      tile("median", median === undefined ? "—" : duration(median)),
      tile("p99", p99 === undefined ? "—" : duration(p99)),
      tile("in flight", count(account?.inFlight ?? 0)),
      tile("held now", count(status?.held ?? 0), (status?.held ?? 0) > 0 ? "warn" : ""),
      tile("held ever", count(status?.holds.total ?? 0), "", longest(status?.holds.longestMs)),
      tile("replayed", count(status?.replayed ?? 0)),
      tile("failed or cut", count(lost), lost > 0 ? "bad" : ""),
    ),
    element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        "Answers a second",
        plots.generations.map(({ generation, slot, version }) =>
          element(
            "span",
            { class: `key series-${colourOf(generation)}`, key: String(generation) },
            element("span", { class: "swatch" }),
            `${version ?? "the app"} in ${slot}`,
          ),
        ),
      ),
      plots.rate,
    ),
    element(
      "figure",
      {},
      element(
        "figcaption",
        {},
        "Time to the first byte, hold included",
        element("span", { class: "key" }, "— median"),
        element("span", { class: "key" }, "┄ 99th percentile"),
      ),
      plots.latency,
    ),
  );
}

function longest(ms: number | undefined): string {
  return ms ? `longest ${duration(ms)}` : "";
}

function tile(name: string, value: string, tone = "", more = ""): Part {
  return element(
    "div",
    { class: `tile ${tone}` },
    element("dt", {}, name),
    element("dd", {}, value, more !== "" && element("small", {}, more)),
  );
}
