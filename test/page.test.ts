// The status page in a real browser, over a real sluice with real apps.

import { mkdtempSync } from "node:fs";
import { createServer, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { expect } from "vitest";
import { describeInBrowser } from "./harness/browser.ts";
import { type Scene, test } from "./harness/scene.ts";

/** Where a person looks at the pictures that the tests make. */
const PICTURES = process.env.SLUICE_TEST_PICTURES ?? mkdtempSync(join(tmpdir(), "sluice-page-"));

const urlOf = ({ ports }: Scene) => `http://127.0.0.1:${ports.control}/`;

/** Requests one after the other until `stop` is called; each must be answered. */
function keepAsking(scene: Scene) {
  let isOver = false;
  let answered = 0;
  const done = (async () => {
    while (!isOver) {
      const answer = await fetch(`http://127.0.0.1:${scene.ports.listen}/`);
      expect(answer.status).toBe(200);
      await answer.text();
      answered++;
    }
  })();
  return {
    async stop() {
      isOver = true;
      await done;
      return answered;
    },
    async atLeast(more: number) {
      const goal = answered + more;
      while (answered < goal) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

describeInBrowser("the status page", (tabs) => {
  test("a switch is a picture: one version hands over to the other, and the page tells how", async ({
    two,
  }) => {
    const sluice = await two.sluice(["--gates", "consul"]);
    await two.app("a");
    const gate = (slot: string) =>
      sluice.control("PUT", `/v1/slots/${slot}/gates/consul`, { open: true, reason: "registered" });
    await gate("a");
    await sluice.event("switch");
    const page = await tabs.open();
    await page.goto(`${urlOf(two)}#pod/web-0`);
    await page.getByText("Ready", { exact: true }).waitFor();
    expect(await page.title()).toBe("pod/web-0 · sluice");
    const load = keepAsking(two);
    await load.atLeast(50);
    await two.app("b", { version: "v2" });
    const slot = page.getByRole("article", { name: "Slot b" });
    await slot.getByText("gate consul", { exact: true }).waitFor();
    await slot.getByText("not opened yet").waitFor();
    await page.screenshot({ path: join(PICTURES, "waiting.png"), fullPage: true });
    await gate("b");
    await page.getByRole("heading", { name: "v2 in slot b took over from v1 in slot a" }).waitFor();
    await load.atLeast(50);
    await page.getByText(/No request was lost in the switch: [\d,]+ answered/).waitFor();
    await slot.getByText("active", { exact: true }).waitFor();
    // Both colours stand in the plot of answers, once a sample of the new one has come.
    await page.locator("path.area.series-1").waitFor({ state: "attached" });
    await page.locator("path.area.series-2").waitFor({ state: "attached" });
    const chart = page.locator("svg.phases");
    expect(await chart.getAttribute("aria-label")).toMatch(
      /handshake: .*probe: .*gates: .*switch: .*drain a: /,
    );
    await load.stop();
    for (const [name, options] of [
      ["light", { colorScheme: "light" }],
      ["dark", { colorScheme: "dark" }],
    ] as const) {
      await page.emulateMedia(options);
      await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
    }
    await page.setViewportSize({ width: 390, height: 800 });
    await page.screenshot({ path: join(PICTURES, "narrow.png"), fullPage: true });
    expect(await page.evaluate("document.documentElement.scrollWidth"), "nothing to scroll sideways").toBe(
      390,
    );
    expect(page.troubles).toEqual([]);
  });

  test("promote, drain and reload: asked, confirmed, carried out, told; cancelled: nothing", async ({
    two,
  }) => {
    const sluice = await two.sluice();
    await two.app("a");
    await sluice.event("switch");
    await two.app("b", { version: "v2" });
    await sluice.event("switch", ({ slot }) => slot === "b");
    const page = await tabs.open();
    await page.goto(urlOf(two));
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const told = page.getByRole("status");

    expect(await button("promote slot b").isDisabled()).toBe(true);
    await button("promote slot a").click();
    const dialog = page.getByRole("dialog", { name: "Make slot a active?" });
    await dialog.getByText("v2 in slot b finishes its 0 requests in flight and stands by.").waitFor();
    await page.screenshot({ path: join(PICTURES, "dialog.png") });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(sluice.events("switch")).toHaveLength(2);

    // By keyboard alone: the focus begins on Cancel, Tab reaches the order, and comes back to the button afterwards.
    await button("promote slot a").focus();
    await page.keyboard.press("Enter");
    await dialog.waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await told.getByText("Slot a: promoted").waitFor();
    await sluice.event("switch", ({ slot, details }) => slot === "a" && details.cause === "promoted");

    await button("drain slot b").click();
    await page.getByRole("dialog").getByRole("button", { name: "Drain b" }).click();
    await told.getByText("Slot b: drained, 0 in flight").waitFor();
    await button("drain slot a").click();
    await page.getByRole("dialog").getByText("No other slot is ready").waitFor();
    await page.keyboard.press("Escape");

    await button("reload slot a").click();
    await page.getByRole("dialog").getByRole("button", { name: "Reload a" }).click();
    await told.getByText("Refused: The handshake declared neither SIGUSR2 nor reload, but SIGTERM").waitFor();
    expect(page.troubles.filter((words) => !words.includes("409"))).toEqual([]);
  });

  test("a question is withdrawn when what it is about has gone", async ({ two }) => {
    const sluice = await two.sluice();
    await two.app("a");
    await sluice.event("switch");
    const old = await two.app("b", { version: "v2" });
    await sluice.event("switch", ({ slot }) => slot === "b");
    const page = await tabs.open();
    await page.goto(urlOf(two));
    await page.getByRole("button", { name: "promote slot a", exact: true }).click();
    await page.getByRole("dialog").waitFor();
    old.die();
    await sluice.event("switch", ({ slot, details }) => slot === "a" && details.cause === "cannot_serve");
    await page
      .getByRole("article", { name: "Slot b" })
      .getByText(/gone|nobody there/)
      .waitFor();
    await page.keyboard.press("Escape");
    const next = await two.app("b", { version: "v3" });
    await sluice.event("switch", ({ version }) => version === "v3");
    await page.getByRole("button", { name: "drain slot b", exact: true }).click();
    await page.getByRole("dialog").waitFor();
    next.die();
    await page.getByRole("status").getByText("Slot b has changed meanwhile: nothing was ordered.").waitFor();
    expect(await page.getByRole("dialog").isVisible()).toBe(false);
  });

  test("a stop stands against its deadline, and what is left of it when sluice has gone", async ({ one }) => {
    const sluice = await one.sluice(["--grace", "8s"]);
    const app = await one.app("a");
    await sluice.event("switch");
    const page = await tabs.open();
    await page.goto(urlOf(one));
    const waiting = fetch(`http://127.0.0.1:${one.ports.listen}/wait`);
    await app.waiting(1);
    const hook = await sluice.hook("pod");
    const slotHook = await sluice.hook("slots/a");
    await page.getByRole("heading", { name: "The Pod is stopping" }).waitFor();
    await page.getByText(/until its deadline\./).waitFor();
    await page.getByText(/Pod leaving, .* left/).waitFor();
    await page.screenshot({ path: join(PICTURES, "stop.png"), fullPage: true });
    app.release();
    await (await waiting).text();
    await Promise.all([hook.answer, slotHook.answer]);
    await page.getByRole("heading", { name: "The Pod stopped" }).waitFor();
    sluice.signal("SIGTERM");
    await sluice.ended;
    await page.getByText("sluice does not answer: what you see is the past.").waitFor();
    expect(await page.locator("svg.phases").getAttribute("aria-label")).toContain("sluice exits with 0");
    expect(await page.getByRole("button", { name: "promote slot a" }).isDisabled()).toBe(true);
    await page.screenshot({ path: join(PICTURES, "gone.png"), fullPage: true });
  });

  test("sluice restarted, then replaced by another version: the page says so, and orders nothing", async ({
    one,
  }) => {
    const first = await one.sluice();
    const page = await tabs.open();
    await page.goto(urlOf(one));
    await page.getByText("live", { exact: true }).waitFor();
    first.signal("SIGTERM");
    await first.ended;
    const second = await one.sluice();
    await page.getByText("sluice was restarted while this page was open").waitFor();
    second.signal("SIGTERM");
    await second.ended;
    // What a newer sluice would say of itself, at the same address.
    const hello = { page: "0000000000000000", life: "another", host: "web-0", events: [], samples: [] };
    const newer = await serve(one.ports.control, (asked, answer) => {
      if (asked.url !== "/v1/live") return answer.writeHead(404).end();
      const status = { ...STATUS, sluice: "9.9.9" };
      answer.writeHead(200, { "content-type": "text/event-stream" });
      answer.write(`event: hello\ndata: ${JSON.stringify({ ...hello, status })}\n\n`);
    });
    one.later(newer);
    await page
      .getByText("This page belongs to a sluice that has been replaced; version 9.9.9 runs now.")
      .waitFor();
    expect(await page.getByRole("button", { name: "promote slot a" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Load its page" }).waitFor();
  });

  test("pages of other origins can neither order nor ask, however they try", async ({ one }) => {
    const sluice = await one.sluice();
    await one.app("a");
    await sluice.event("switch");
    const foreign = await serve(0, (_, answer) =>
      answer.writeHead(200, { "content-type": "text/html" }).end("<p>x"),
    );
    one.later(foreign);
    const page = await tabs.open();
    await page.goto(`http://127.0.0.1:${foreign.port}/`);
    const tried: string[] = await page.evaluate(`(${ATTACK})(${JSON.stringify(urlOf(one))})`);
    expect(tried.filter((each) => !/^failed$|^opaque 0$/.test(each))).toEqual([]);
    expect(sluice.events("drain_began")).toEqual([]);
    expect((await sluice.control("GET", "/v1/status")).status).toBe(200);
    // A name that was made to resolve to loopback.
    const rebound = await answerTo(one.ports.control, { host: "evil.example" }, "GET", "/");
    const order = { host: "evil.example", origin: "http://evil.example" };
    expect([rebound, await answerTo(one.ports.control, order, "POST", "/v1/slots/a/drain")]).toEqual([
      403, 403,
    ]);
    // What is allowed: a program without an Origin, and the page itself.
    expect(await answerTo(one.ports.control, {}, "POST", "/v1/slots/a/promote")).toBe(200);
    const own = { host: `localhost:${one.ports.control}`, origin: `http://localhost:${one.ports.control}` };
    expect(await answerTo(one.ports.control, own, "POST", "/v1/slots/a/promote")).toBe(200);
  });

  test("markup in names and reasons stays text", async ({ one }) => {
    const sluice = await one.sluice(["--gates", "consul"]);
    const hostile = '"><img src=x onerror="document.title=1"><script>document.title=2</script>';
    await one.app("a", { version: hostile.slice(0, 120) });
    await sluice.control("PUT", "/v1/slots/a/gates/consul", { open: false, reason: hostile });
    const page = await tabs.open();
    await page.goto(urlOf(one));
    await page
      .getByRole("article", { name: "Slot a" })
      .getByText(hostile, { exact: false })
      .first()
      .waitFor();
    expect(await page.locator("img, #app script").count()).toBe(0);
    expect(await page.title()).not.toMatch(/^[12]$/);
    expect(page.troubles).toEqual([]);
  });

  test("nothing that axe finds, in light and in dark, with a dialog and without", async ({ two }) => {
    const sluice = await two.sluice(["--gates", "consul"]);
    await two.app("a");
    await sluice.control("PUT", "/v1/slots/a/gates/consul", { open: true });
    await sluice.event("switch");
    await two.app("b", { version: "v2" });
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await tabs.open({ colorScheme, bypassCSP: true });
      await page.goto(urlOf(two));
      await page.getByRole("heading", { name: "v1 in slot a began to serve" }).waitFor();
      await page.evaluate(axe.source);
      const find = () =>
        page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
          const { violations } = await axe.run();
          return violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
          );
        });
      expect(await find()).toEqual([]);
      await page.getByRole("button", { name: "drain slot a" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await find()).toEqual([]);
    }
  });

  test("a page that nobody sees holds no connection, and comes back when it is seen", async ({ one }) => {
    const sluice = await one.sluice();
    const page = await tabs.open();
    await page.goto(urlOf(one));
    await page.getByText("live", { exact: true }).waitFor();
    const show = (hidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, "hidden", { configurable: true, get: () => ${hidden} });
        document.dispatchEvent(new Event("visibilitychange"));
      `);
    const closed = page.waitForEvent("requestfailed", (asked) => asked.url().endsWith("/v1/live"));
    await show(true);
    await closed;
    await one.app("a", { version: "v7" });
    await sluice.event("switch");
    expect(await page.getByText("v7", { exact: true }).count()).toBe(0);
    await show(false);
    await page.getByText("v7", { exact: true }).waitFor();
  });

  test("clocks that jump, here and there, change no length and no order", async ({ one }) => {
    const sluice = await one.sluice();
    await one.app("a");
    await sluice.event("switch");
    const page = await tabs.open();
    await page.clock.install({ time: new Date("1999-12-31T23:59:59Z") });
    await page.goto(urlOf(one));
    await page.getByRole("heading", { name: "v1 in slot a began to serve" }).waitFor();
    const words = () => page.locator("svg.phases").getAttribute("aria-label");
    const before = await words();
    await page.clock.setSystemTime(new Date("2038-01-19T03:14:07Z"));
    await sluice.control("POST", "/v1/slots/a/promote");
    await page.getByText("live", { exact: true }).waitFor();
    expect(await words()).toBe(before);
    expect(await page.locator("header .about").innerText()).toMatch(/up (\d+ m?s|1 s)/);
  });
});

/** Runs in a foreign page: orders and questions by fetch, by form and by event stream; what each became. */
const ATTACK = `async (url) => {
  const statuses = [];
  for (const mode of ["no-cors", "cors"]) {
    for (const [method, path] of [["POST", "v1/slots/a/drain"], ["GET", "v1/status"]]) {
      const answer = await fetch(url + path, { method, mode }).catch(() => undefined);
      statuses.push(answer ? answer.type + " " + answer.status : "failed");
    }
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = url + "v1/slots/a/drain";
  form.target = "frame";
  const frame = document.createElement("iframe");
  frame.name = "frame";
  document.body.append(form, frame);
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  form.submit();
  await loaded;
  const source = new EventSource(url + "v1/live");
  await new Promise((resolve) => {
    source.onerror = resolve;
    source.onopen = () => statuses.push("the stream was opened");
  });
  source.close();
  return statuses;
}`;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

const STATUS = {
  ...{
    ready: false,
    reason: "no app has shaken hands",
    pod: "serving",
    held: 0,
    replayed: 0,
    connections: 0,
  },
  holds: { total: 0, longestMs: 0 },
  account: {
    accepted: 0,
    ended: { answered: 0, client_aborted: 0, refused: 0, failed: 0, deadline: 0 },
    inFlight: 0,
  },
  slots: [
    {
      ...{
        name: "a",
        address: "127.0.0.1:1",
        state: "active",
        version: "v9",
        generation: 9,
        ageMs: 1,
        ready: true,
      },
      ...{ waitingFor: [], probe: { state: "passing", detail: "" }, gates: {}, inFlight: 0 },
    },
  ],
  uptimeMs: 1_000,
};

async function serve(port: number, listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return Object.assign(close, { port: (server.address() as AddressInfo).port });
}

/** The status of the answer; `fetch` would not send such a Host. */
function answerTo(
  port: number,
  headers: Record<string, string>,
  method: string,
  path: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.once("error", reject);
    call.end();
  });
}
