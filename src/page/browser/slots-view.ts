// The slots: who is there, how it stands, what it waits for, and what can be ordered.

import type { FlowSample, SlotStatus, Status } from "../../api/backend.ts";
import { type Element, element, type Part } from "../../picture/markup.ts";
import { colourOf } from "../../picture/plot.ts";
import { count, duration } from "../../picture/scale.ts";
import { percentileOf } from "../../telemetry/latency-buckets.ts";

const STATES: Readonly<Record<SlotStatus["state"], string>> = {
  empty: "nobody there",
  starting: "starting",
  standby: "standing by",
  active: "active",
  unwinding: "finishing its requests",
  draining: "draining",
  stopping: "stopping",
  lost: "gone",
};

/** `recent`: the samples of the last seconds; `mayOrder`: the page hears sluice, and belongs to it. */
export function slotsView(status: Status, recent: readonly FlowSample[], mayOrder: boolean): Element {
  return element(
    "section",
    { class: "slots", "aria-label": "Slots" },
    status.slots.map((slot) => slotView(slot, status, recent, mayOrder)),
  );
}

function slotView(
  slot: SlotStatus,
  status: Status,
  recent: readonly FlowSample[],
  mayOrder: boolean,
): Element {
  const { name, state, generation, version } = slot;
  const colour = generation === undefined ? "" : ` series-${colourOf(generation)}`;
  return element(
    "article",
    { key: name, class: `slot ${state}${colour}`, "aria-label": `Slot ${name}` },
    element(
      "header",
      {},
      element("h2", {}, element("span", { class: "swatch" }), `Slot ${name}`),
      element("span", { class: "quiet address" }, slot.address),
      element("span", { class: `badge ${state}` }, STATES[state] ?? state),
    ),
    element("p", { class: "version" }, version ?? (generation === undefined ? "—" : "no version")),
    element(
      "dl",
      {},
      fact("in flight", count(slot.inFlight)),
      flowFacts(recent, generation),
      fact("generation", generation === undefined ? "—" : String(generation)),
      fact("age", slot.ageMs === undefined ? "—" : duration(Math.floor(slot.ageMs / 1_000) * 1_000)),
    ),
    drainView(slot),
    conditionsView(slot),
    element(
      "footer",
      {},
      orderButton(
        "promote",
        slot,
        mayOrder && isThere(slot) && state !== "active" && status.pod === "serving",
      ),
      orderButton(
        "drain",
        slot,
        mayOrder && isThere(slot) && state !== "draining" && status.pod === "serving",
      ),
      orderButton("reload", slot, mayOrder && isThere(slot) && status.pod === "serving"),
    ),
  );
}

/** What it answers now, and how fast; nothing where it has no requests. */
function flowFacts(recent: readonly FlowSample[], generation: number | undefined): Part {
  const own = recent.flatMap(({ slots }) => slots.filter((one) => one.generation === generation));
  const spanMs = recent.reduce((sum, one) => sum + one.spanMs, 0);
  const answered = own.reduce((sum, one) => sum + one.answered, 0);
  const latencies = own.map(({ latency }) => latency);
  const [median, p99] = [percentileOf(latencies, 0.5), percentileOf(latencies, 0.99)];
  if (answered === 0 || median === undefined || p99 === undefined) return undefined;
  return [
    fact("answers", `${count((answered * 1_000) / spanMs)}/s`),
    fact("median, p99", `${duration(median)}, ${duration(p99)}`),
  ];
}

function isThere({ state }: SlotStatus): boolean {
  return state !== "empty" && state !== "lost";
}

function fact(name: string, value: string): Part {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

function drainView({ drainLeftMs, inFlight }: SlotStatus): Part {
  if (drainLeftMs === undefined) return undefined;
  return element(
    "p",
    { class: "warning" },
    `Draining: ${count(inFlight)} in flight, ${duration(Math.ceil(drainLeftMs / 100) * 100)} until its deadline.`,
  );
}

/** Probe and gates, each open or not and why; then whatever else is waited for. */
function conditionsView({ probe, gates, waitingFor, generation }: SlotStatus): Part {
  const isProbed = probe.state !== "off" && generation !== undefined;
  const told = new Set<string>();
  const rows: Part[] = [];
  if (isProbed) rows.push(condition(probe.state === "passing", "probe", probe.detail || probe.state));
  for (const [name, { open, reason }] of Object.entries(gates)) {
    if (generation === undefined) continue;
    rows.push(condition(open, `gate ${name}`, reason || (open ? "open" : "closed")));
    told.add(name);
  }
  const others = waitingFor.filter(
    (words) =>
      ![...told].some((name) => words.startsWith(`gate ${name} `)) &&
      !(isProbed && / its probe( yet|:)/.test(words)),
  );
  for (const words of others) rows.push(condition(false, "waits", words));
  return rows.length > 0 && element("ul", { class: "conditions" }, rows);
}

function condition(isMet: boolean, name: string, words: string): Part {
  return element(
    "li",
    { class: isMet ? "met" : "unmet" },
    element(
      "span",
      { class: "mark", role: "img", "aria-label": isMet ? "met" : "not met" },
      isMet ? "✓" : "…",
    ),
    element("strong", {}, name),
    ` ${words}`,
  );
}

function orderButton(
  order: "promote" | "drain" | "reload",
  { name }: SlotStatus,
  isEnabled: boolean,
): Element {
  return element(
    "button",
    {
      type: "button",
      "data-order": order,
      "data-slot": name,
      disabled: !isEnabled,
      "aria-label": `${order} slot ${name}`,
    },
    order[0]!.toUpperCase() + order.slice(1),
  );
}
