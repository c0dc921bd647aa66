// A real browser without a window, for the tests of the status page.

import { spawnSync } from "node:child_process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, describe } from "vitest";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

function findBrowser(): string | undefined {
  return NAMES.map((name) =>
    spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim(),
  ).find((path) => path !== "");
}

export interface Tabs {
  /** A tab in a profile of its own, closed with the test file. What it logs as an error, and what it throws, is kept. */
  open(options?: BrowserContextOptions): Promise<Page & { readonly troubles: readonly string[] }>;
}

/** Declares the tests. Without a browser they are skipped by name; with CI=true that is a failure. */
export function describeInBrowser(promise: string, body: (tabs: Tabs) => void): void {
  const path = findBrowser();
  if (path === undefined) {
    if (process.env.CI === "true")
      throw new Error(`${promise}: no ${NAMES.join(", ")}, and CI=true allows no skip`);
    console.warn(`SKIPPED ${promise}: none of ${NAMES.join(", ")} is on the PATH`);
    describe.skip(`${promise} (skipped: no browser)`, () =>
      body({ open: () => Promise.reject(new Error("none")) }));
    return;
  }
  let starting: Promise<Browser> | undefined;
  afterAll(async () => (await starting)?.close());
  const tabs: Tabs = {
    async open(options = {}) {
      // The browser's own sandbox needs namespaces that containers and root do not have.
      starting ??= chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-gpu"] });
      const context = await (await starting).newContext({
        viewport: { width: 1_280, height: 900 },
        ...options,
      });
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
      page.on("pageerror", (error) => troubles.push(error.message));
      return Object.assign(page, { troubles });
    },
  };
  describe(promise, () => body(tabs));
}
