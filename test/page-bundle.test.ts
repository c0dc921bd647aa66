// The page in the sidecar's bundle, where there is neither esbuild nor a source: what it is, and what its first paint needs.

import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { median } from "../bench/median.ts";
import { createPortSource } from "../loadtest/free-port.ts";
import { buildBundles } from "../scripts/bundles.ts";
import { LOCKED_DOWN } from "../src/api/page.ts";
import { composePage } from "../src/page/compose.ts";
import { describeInBrowser } from "./harness/browser.ts";
import { createCleanUp, startNode, startServer } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

const freePort = createPortSource();
let started: Promise<string> | undefined;

/** Resolves with the page's address, once the bundle serves it. */
async function serveBundle(): Promise<string> {
  const folder = cleanUp.folder();
  await buildBundles(folder);
  const control = `127.0.0.1:${await freePort()}`;
  const flags = ["--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--control", control];
  const sluice = startNode([join(folder, "sluice.js"), "run", ...flags], {}, folder);
  await cleanUp.ended(sluice);
  await sluice.printed(/listens on/);
  return `http://${control}/`;
}

function address(): Promise<string> {
  started ??= serveBundle();
  return started;
}

test("the bundle serves the page that its sources make, without node_modules", async () => {
  const answer = await fetch(await address());
  const page = await composePage();
  expect(await answer.text()).toBe(page.html);
  expect(answer.headers.get("content-security-policy")).toContain(page.script);
});

/** From the start of the navigation to the first contentful paint, ms; waits for it. */
function firstPaint(page: Page): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const paint = list.getEntriesByName("first-contentful-paint")[0];
      if (paint) resolve(paint.startTime);
    }).observe({ type: "paint", buffered: true });
  })`);
}

describeInBrowser("the first paint", (tabs) => {
  test("waits for nothing but the page: not for the stream of messages, and for no other request", async () => {
    const url = await address();
    const page = await tabs.open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    // The stream is never answered.
    await page.route("**/v1/**", () => {});
    await page.goto(url);
    await firstPaint(page);
    expect(await page.locator("body").innerText()).toContain("Asking this Pod's sluice");
    expect(asked.filter((path) => path !== "/v1/live")).toEqual(["/"]);
  });

  test("comes as that of a blank page does, nearly: the figures of docs/page.md", async () => {
    const url = await address();
    const blank = await blankPage({});
    // A page that opens nothing for others gets a process of its own, and its start is waited for.
    const guarded = await blankPage(LOCKED_DOWN);
    async function paintOf(address: string): Promise<number> {
      const page = await tabs.open();
      await page.goto(address);
      const at = await firstPaint(page);
      await page.context().close();
      return at;
    }
    const rounds: { readonly page: number; readonly blank: number; readonly guarded: number }[] = [];
    for (let round = 0; round < 7; round++)
      rounds.push({ blank: await paintOf(blank), guarded: await paintOf(guarded), page: await paintOf(url) });
    const ms = median(rounds.map(({ page }) => page)).toFixed(0);
    const toBlank = median(rounds.map(({ page, blank }) => page / blank)).toFixed(2);
    const toGuarded = median(rounds.map(({ page, guarded }) => page / guarded)).toFixed(2);
    console.log(
      `first contentful paint after ${ms} ms, ${toBlank} x that of a blank page of node:http, ${toGuarded} x with the same headers`,
    );
    expect(rounds.flatMap((round) => Object.values(round)).every((at) => at > 0)).toBe(true);
  });
});

async function blankPage(headers: Readonly<Record<string, string>>): Promise<string> {
  const { port, close } = await startServer((_, answer) =>
    answer
      .writeHead(200, { ...headers, "content-type": "text/html" })
      .end("<!doctype html><title>blank</title><p>x"),
  );
  cleanUp.later(close);
  return `http://127.0.0.1:${port}/`;
}
