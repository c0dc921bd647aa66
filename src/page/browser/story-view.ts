// The last upgrade, or the stop that goes on: its phases, and what it did to requests. Earlier ones can be chosen.

import { type Element, element, type Part } from "../../picture/markup.ts";
import { phaseChart } from "../../picture/phase-chart.ts";
import { duration } from "../../picture/scale.ts";
import { storiesOf } from "../../story/stories.ts";
import type { Story } from "../../story/story.ts";
import { trafficTable, verdictOf } from "../../story/traffic-table.ts";
import type { Model } from "./model.ts";

/** `chosen`: the id of a story; undefined: the newest. */
export function storyView({ events, samples, now }: Model, chosen: number | undefined, width: number): Part {
  const stories = storiesOf({ events, samples, outside: [], now });
  const story = stories.find(({ id }) => id === chosen) ?? stories.at(-1);
  if (!story) return undefined;
  return element(
    "section",
    { class: "story", "aria-labelledby": "story-title" },
    element(
      "header",
      {},
      element("h2", { id: "story-title" }, story.title),
      stories.length > 1 && chooser(stories, story),
    ),
    element(
      "p",
      { class: "why" },
      `${clock(story.time)}${story.why === "" ? "" : `, ${story.why}`}. ${lengthOf(story, now)}`,
    ),
    phaseChart(story, now, width),
    trafficView(story),
  );
}

function lengthOf({ from, until, deadline }: Story, now: number): string {
  const taken = until === undefined ? `${duration(now - from)} so far` : `${duration(until - from)} in all`;
  if (deadline === undefined) return `${taken}.`;
  if (until !== undefined) return `${taken}; its deadline was ${duration(deadline - from)}.`;
  return now < deadline
    ? `${taken}; ${duration(deadline - now)} until its deadline.`
    : `${taken}; its deadline is over.`;
}

function chooser(stories: readonly Story[], shown: Story): Element {
  return element(
    "label",
    {},
    element("span", { class: "quiet" }, "show "),
    element(
      "select",
      { id: "story-choice" },
      [...stories]
        .reverse()
        .map(({ id, time, title }) =>
          element(
            "option",
            { key: String(id), value: id, selected: id === shown.id },
            `${clock(time)} ${title}`,
          ),
        ),
    ),
  );
}

function trafficView(story: Story): Part {
  const verdict = verdictOf(story);
  const table = trafficTable(story);
  return [
    element("p", { class: verdict.ok ? "verdict good" : "verdict bad" }, verdict.words),
    table &&
      element(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "What it did to requests" },
        element(
          "table",
          {},
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              table.heads.map((head, index) =>
                index === 0 ? element("td", {}) : element("th", { scope: "col" }, head),
              ),
            ),
          ),
          element(
            "tbody",
            {},
            table.rows.map(([name, ...cells]) =>
              element(
                "tr",
                {},
                element("th", { scope: "row" }, name),
                cells.map((cell) => element("td", {}, cell)),
              ),
            ),
          ),
        ),
      ),
  ];
}

/** The time of day as this browser writes it; sluice's clock, whatever the browser's own says. */
export function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
  });
}
