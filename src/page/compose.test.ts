import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Page } from "../api/page.ts";
import { composePage } from "./compose.ts";

let page: Page;
beforeAll(async () => {
  page = await composePage();
});

const hash = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const inside = (tag: string) => [...page.html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))];

test("the page is at most 60 KiB in all", () => {
  expect(Buffer.byteLength(page.html)).toBeLessThanOrEqual(60 * 1_024);
});

test("it names nothing to fetch, and no other place", () => {
  const known = ["http://www.w3.org/2000/svg"];
  const urls = [...page.html.matchAll(/\b(?:https?|wss?):\/\/[^\s"'`)]*/g)].map(([url]) => url);
  expect(urls.filter((url) => !known.includes(url))).toEqual([]);
  expect(page.html).not.toMatch(/ src=|@import|url\(/);
});

test("its one script and its one style are those of the policy", () => {
  expect(inside("script").map(([, text]) => hash(text!))).toEqual([page.script]);
  expect(inside("style").map(([, text]) => hash(text!))).toEqual([page.style]);
  expect(page.html).toContain(`content="${page.id}"`);
  expect(page.html).not.toMatch(/ (?:style|on[a-z]+)=/);
});

test("the same sources make the same page", async () => {
  expect(await composePage()).toEqual(page);
});
