import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createMemoryBackend } from "./backend.fixture.ts";
import { createControlServer } from "./control.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function setUp() {
  const memory = createMemoryBackend();
  const server = createControlServer({
    backend: memory.backend,
    page: memory.page,
    addresses: [{ host: "127.0.0.1", port: 0 }],
    onError: () => {},
  });
  const [address] = await server.listen();
  if (!address || !("port" in address)) throw new Error("no address");
  cleanUps.push(() => server.close());
  const url = `http://127.0.0.1:${address.port}`;

  /** A page that looks on; `text` grows as it reads. */
  async function look(
    reads = true,
  ): Promise<{ socket: Socket; text: () => string; until: (part: string) => Promise<void> }> {
    const socket = connect(address && "port" in address ? address.port : 0, "127.0.0.1");
    cleanUps.push(() => void socket.destroy());
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let text = "";
    if (reads) {
      socket.setEncoding("utf8").on("data", (chunk) => {
        // Enough for what is looked for.
        text = (text + chunk).slice(-2_000_000);
      });
    } else socket.pause();
    return {
      socket,
      text: () => text,
      async until(part) {
        while (!text.includes(part)) await once(socket, "data");
      },
    };
  }
  return { ...memory, server, url, look };
}

test("the past first, then each event and each sample, each with the status that follows", async () => {
  const { look, happen, sample } = await setUp();
  happen("before");
  sample();
  const page = await look();
  await page.until("event: hello");
  await page.until("event: status");
  const [head = ""] = page.text().split("\r\n\r\n");
  expect(head).toMatch(/content-type: text\/event-stream/i);
  expect(head).toMatch(/cache-control: no-store/i);
  expect(page.text()).toMatch(
    /event: hello\ndata: \{"page":"p1","life":"l1","host":"web-0","status":\{.*"before".*"samples":\[\{/,
  );
  happen("after");
  await page.until('"after"');
  sample();
  await page.until("event: sample");
  expect(page.text().match(/"message":"after"/g)).toHaveLength(1);
  expect(page.text().match(/"message":"before"/g)).toHaveLength(1);
});

test("a hundred pages: each hears everything, and when the last has left, nobody listens", async () => {
  const { look, happen, listeners, watchers, until } = await setUp();
  const pages = await Promise.all(Array.from({ length: 100 }, () => look()));
  await Promise.all(pages.map((page) => page.until("event: hello")));
  expect([listeners.size, watchers.size]).toEqual([1, 1]);
  happen("for all");
  await Promise.all(pages.map((page) => page.until("for all")));
  for (const { socket } of pages) socket.destroy();
  await until(() => listeners.size === 0 && watchers.size === 0);
});

test("a page more than there may be is refused, and one that leaves makes room", async () => {
  const { look, url } = await setUp();
  const pages = await Promise.all(Array.from({ length: 256 }, () => look()));
  await Promise.all(pages.map((page) => page.until("event: hello")));
  const refused = await fetch(`${url}/v1/live`);
  expect([refused.status, await refused.json()]).toEqual([
    503,
    { error: "TOO_MANY_CONNECTIONS", message: "256 pages look on already" },
  ]);
  pages[0]!.socket.destroy();
  let again = await look();
  while (!again.text().includes("event: hello")) {
    await once(again.socket, "data");
    if (again.text().includes(" 503 ")) again = await look();
  }
});

test("a reader that never reads is cut off, and the others hear on", async () => {
  const { look, happen } = await setUp();
  const good = await look();
  const bad = await look(false);
  await good.until("event: hello");
  const closed = new Promise((resolve) => bad.socket.once("close", resolve));
  const long = "x".repeat(100_000);
  // More than the kernel's buffers and what may wait for it.
  for (let round = 0; round < 30; round++) {
    for (let count = 0; count < 8; count++) happen(long);
    happen(`end of round ${round}.`);
    await good.until(`end of round ${round}.`);
  }
  bad.socket.resume();
  await closed;
  happen("and on");
  await good.until("and on");
});

test("a burst of failures becomes a few writes to a page, and what matters among them is not left out", async () => {
  const { look, happen } = await setUp();
  const page = await look();
  await page.until("event: status");
  for (let count = 0; count < 5_000; count++) happen(`failure ${count}`, "request_failed");
  happen("the switch", "switch");
  await page.until("the switch");
  const messages = page.text().split("event: events").length - 1;
  expect(messages).toBeLessThan(10);
  expect(page.text().match(/"message":"failure \d+"/g)?.length).toBeLessThanOrEqual(100 * messages);
});

test("a page that comes hears the newest status with its past", async () => {
  const { look, happen } = await setUp();
  const first = await look();
  await first.until("event: status");
  const second = await look();
  await second.until("event: status");
  happen("news");
  const third = await look();
  await third.until("event: status");
  await first.until("news");
  // Whether it was gathered or stood in the past, it was told.
  expect(third.text()).toContain("news");
});

test("the flow as JSON lines: what is kept, then what comes; follow=false ends it", async () => {
  const { url, sample } = await setUp();
  sample();
  sample();
  const past = await (await fetch(`${url}/v1/flow?since=1&follow=false`)).text();
  expect(
    past
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id),
  ).toEqual([2, 3]);
  expect((await fetch(`${url}/v1/flow?since=x`)).status).toBe(400);
});

test("the page comes whole, with a policy that lets it run itself and nothing else", async () => {
  const { url } = await setUp();
  const answer = await fetch(url);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await answer.text()).toContain("<!doctype html>");
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain(
    "default-src 'none'; script-src 'sha256-a'; style-src 'sha256-b'; connect-src 'self'",
  );
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

test.each(["/v1/status", "/nothing", "/v1/live", "/v1/events?follow=false"])(
  "%s cannot be made into something else by a browser",
  async (path) => {
    const { url } = await setUp();
    const abort = new AbortController();
    const answer = await fetch(url + path, { signal: abort.signal });
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    abort.abort();
  },
);
