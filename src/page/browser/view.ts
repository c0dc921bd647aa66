// The whole page as a function of what is known.

import { type Element, element, type Part } from "../../picture/markup.ts";
import { duration } from "../../picture/scale.ts";
import { flowView } from "./flow-view.ts";
import { type Model, recentOf } from "./model.ts";
import { slotsView } from "./slots-view.ts";
import { clock, storyView } from "./story-view.ts";

const SHOWN_EVENTS = 60;

export interface Choice {
  readonly story: number | undefined;
  /** Of whom the page shows the sluice, if whoever opened it has said so. */
  readonly name: string;
  /** Of a picture, px. */
  readonly width: number;
}

export function pageView(model: Model, choice: Choice): readonly Element[] {
  const { status } = model;
  if (!status)
    return [
      element("main", { class: "blank" }, element("h1", {}, "sluice"), element("p", {}, linkWords(model, 0))),
    ];
  const mayOrder = model.link === "live" && !model.isReplaced;
  return [
    headerView(model, choice),
    element(
      "main",
      {},
      bannerView(model),
      slotsView(status, recentOf(model.samples), mayOrder),
      // A stop that goes on comes first: nothing else is as urgent.
      status.pod !== "serving" && storyView(model, choice.story, choice.width),
      flowView(model, choice.width),
      status.pod === "serving" && storyView(model, choice.story, choice.width),
      eventsView(model),
    ),
  ];
}

function headerView(model: Model, { name }: Choice): Element {
  const { status, host } = model;
  if (!status) return element("header", {});
  const leaving =
    status.podLeftMs === undefined ? "" : `, ${duration(Math.ceil(status.podLeftMs / 100) * 100)} left`;
  return element(
    "header",
    { class: status.ready ? "top ready" : "top unready" },
    element(
      "div",
      { class: "who" },
      element("h1", {}, "sluice"),
      element("span", { class: "pod" }, name || host),
    ),
    element(
      "div",
      { class: "state" },
      element("strong", { class: "light" }, status.ready ? "Ready" : "Not ready"),
      element("span", { class: "reason" }, status.reason),
      status.pod !== "serving" && element("span", { class: "leaving" }, `Pod ${status.pod}${leaving}`),
    ),
    element(
      "div",
      { class: "about" },
      element("span", { class: `link ${model.link}` }, linkWords(model, performance.now())),
      element(
        "span",
        {},
        `version ${status.sluice}, up ${duration(Math.floor(status.uptimeMs / 1_000) * 1_000)}`,
      ),
    ),
  );
}

function linkWords({ link, heardAt }: Model, at: number): string {
  if (link === "live") return "live";
  if (link === "connecting") return "connecting …";
  return heardAt === 0
    ? "nobody answers; trying again"
    : `lost ${duration(Math.floor((at - heardAt) / 1_000) * 1_000)} ago; trying again`;
}

function bannerView(model: Model): Part {
  if (model.isReplaced)
    return element(
      "p",
      { class: "banner", role: "alert" },
      `This page belongs to a sluice that has been replaced; version ${model.status?.sluice} runs now. Nothing can be ordered from here. `,
      element("button", { type: "button", id: "reload-page" }, "Load its page"),
    );
  if (model.link === "lost")
    return element(
      "p",
      { class: "banner", role: "alert" },
      "sluice does not answer: what you see is the past. Is the Pod gone, or the port-forward?",
    );
  if (model.hasRestarted)
    return element(
      "p",
      { class: "banner calm" },
      "sluice was restarted while this page was open: its counts and events began anew.",
    );
  return undefined;
}

function eventsView({ events }: Model): Element {
  const shown = events.slice(-SHOWN_EVENTS).reverse();
  return element(
    "section",
    { class: "events", "aria-labelledby": "events-title" },
    element("h2", { id: "events-title" }, "Last events"),
    element(
      "ol",
      { reversed: true },
      shown.map((event) =>
        element(
          "li",
          { key: String(event.id), class: event.type },
          element("time", { datetime: event.time }, clock(event.time)),
          element("code", {}, event.type),
          element("span", {}, event.message),
        ),
      ),
    ),
  );
}
