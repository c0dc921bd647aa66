// A report as one file: nothing in it is fetched from anywhere, and nothing in it runs.

import { type Element, element, type Part, textOf } from "./markup.ts";
import { REPORT_STYLE } from "./report-style.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function reportPage(title: string, ...parts: readonly Part[]): string {
  const page = element(
    "html",
    { lang: "en" },
    element(
      "head",
      {},
      element("meta", { charset: "utf-8" }),
      element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      element("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
      element("title", {}, title),
      element("style", {}, REPORT_STYLE),
    ),
    element("body", {}, element("main", {}, parts)),
  );
  return `<!doctype html>\n${textOf(page)}\n`;
}

/** Rows of words; the first column names the row. */
export function wordTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  kind = "",
): Element {
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      { class: kind === "" ? undefined : kind },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          heads.map((head) => (head === "" ? element("td") : element("th", { scope: "col" }, head))),
        ),
      ),
      element(
        "tbody",
        {},
        rows.map(([name = "", ...cells]) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, name),
            cells.map((cell) => element("td", { class: cell.length > 40 ? "wide" : undefined }, cell)),
          ),
        ),
      ),
    ),
  );
}
