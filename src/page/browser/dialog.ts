// The question before an order: a modal dialog of the browser, which keeps the focus and gives it back.

import { element } from "../../picture/markup.ts";
import type { Question } from "./orders.ts";
import { patch } from "./patch.ts";

export interface Dialog {
  /** Calls `then` once, if the person says yes. */
  ask(question: Question, then: () => void): void;
  /** What was asked about has changed. */
  dismiss(): void;
  readonly isOpen: boolean;
}

export function createDialog(): Dialog {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "question");
  document.body.append(dialog);
  let yes: (() => void) | undefined;
  dialog.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("button");
    if (!button) return;
    const then = button.value === "yes" ? yes : undefined;
    dialog.close();
    then?.();
  });
  dialog.addEventListener("close", () => {
    yes = undefined;
  });
  return {
    ask({ title, words, warning, act }, then) {
      patch(dialog, [
        element("h2", { id: "question" }, title),
        ...words.map((line) => element("p", {}, line)),
        ...(warning === undefined ? [] : [element("p", { class: "warning" }, warning)]),
        element(
          "footer",
          {},
          element("button", { type: "button", value: "no", autofocus: true }, "Cancel"),
          element("button", { type: "button", value: "yes", class: "act" }, act),
        ),
      ]);
      yes = then;
      dialog.showModal();
    },
    dismiss: () => dialog.close(),
    get isOpen() {
      return dialog.open;
    },
  };
}
