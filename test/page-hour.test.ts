// The status page, open for an hour: what sluice says in that time, said in seconds.

import type { ServerResponse } from "node:http";
import { afterAll, expect, test } from "vitest";
import type { FlowSample, Status, TimelineEvent } from "../src/api/backend.ts";
import { composePage } from "../src/page/compose.ts";
import { describeInBrowser } from "./harness/browser.ts";
import { createCleanUp, startServer } from "./sluice.fixture.ts";

const cleanUp = createCleanUp();
afterAll(() => cleanUp.run());

const MINUTE_S = 60;
/** Longer than whatever the page shows reaches back. */
const SETTLED_MIN = 15;
/** How many requests there are changes from second to second, as it would. */
const answeredAt = (second: number) => 1_000 + ((second * 7_919) % 500);
const endings = (answered: number) => ({ answered, client_aborted: 0, refused: 0, failed: 0, deadline: 0 });
const timeAt = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function sampleAt(second: number): FlowSample {
  const answered = answeredAt(second);
  const latency = Array.from({ length: 40 }, (_, bucket) => [bucket + 8, (second + bucket) % 90]).flat();
  const slot = { slot: "a", generation: 1, version: "v1", inFlight: 3, answered, failed: 0, latency };
  return {
    ...{ id: second + 1, time: timeAt(second), monotonicMs: second * 1_000, spanMs: 1_000, event: undefined },
    ...{ accepted: answered, ended: endings(answered), inFlight: 3, held: 0, holds: 0, longestHoldMs: 0 },
    ...{ replayed: 0, slots: [slot] },
  };
}

/** Each minute a gate closes and opens. */
function eventAt(second: number): TimelineEvent {
  const type = second % 2 === 0 ? "gate_closed" : "gate_opened";
  return {
    ...{ id: second + 1, time: timeAt(second), monotonicMs: second * 1_000, type, slot: "a", generation: 1 },
    ...{ version: "v1", message: `Gate consul of v1 in slot a, ${second}`, details: { gate: "consul" } },
  };
}

function slotAt(second: number): Status["slots"][number] {
  const open = Math.floor(second / MINUTE_S) % 2 === 1;
  return {
    ...{ name: "a", address: "127.0.0.1:8081", state: "active", version: "v1", generation: 1, ready: true },
    ...{ ageMs: second * 1_000, waitingFor: [], probe: { state: "passing", detail: "" }, inFlight: 3 },
    ...{ instance: "i", drainLeftMs: undefined },
    gates: { consul: { open, reason: `said at ${second}` } },
  };
}

function statusAt(second: number): Status {
  return {
    ...{ ready: true, reason: "v1 in slot a is active", active: "a", pod: "serving" },
    ...{ podLeftMs: undefined, held: 0, holds: { total: 0, longestMs: 0 }, replayed: 0, connections: 3 },
    account: { accepted: second * 1_000, ended: endings(second * 1_000), inFlight: 0 },
    slots: [slotAt(second)],
    uptimeMs: second * 1_000,
    sluice: `1.${Math.floor(second / MINUTE_S)}.0`,
  };
}

describeInBrowser("the status page, open for an hour", (tabs) => {
  test("keeps as many elements and listeners as after its first minutes, and as much memory", async () => {
    const { html, id } = await composePage();
    const looking = Promise.withResolvers<ServerResponse>();
    const { port, close } = await startServer((asked, answer) => {
      if (asked.url !== "/v1/live")
        return void answer.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
      answer.writeHead(200, { "content-type": "text/event-stream" });
      looking.resolve(answer);
    });
    cleanUp.later(close);
    const page = await tabs.open();
    await page.goto(`http://127.0.0.1:${port}/`);
    const stream = await looking.promise;
    const say = (name: string, data: unknown) =>
      stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    say("hello", { page: id, life: "l", host: "web-0", status: statusAt(0), events: [], samples: [] });

    /** Each minute is drawn before the next one is told. */
    async function pass(from: number, until: number): Promise<void> {
      for (let minute = from; minute < until; minute++) {
        for (let second = minute * MINUTE_S; second < (minute + 1) * MINUTE_S; second++) {
          say("sample", sampleAt(second));
          say("events", [eventAt(second)]);
        }
        say("status", statusAt((minute + 1) * MINUTE_S));
        await page.getByText(`version 1.${minute + 1}.0, up`).waitFor();
      }
    }

    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    async function measure() {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
      return { nodes: of("Nodes"), listeners: of("JSEventListeners"), heap: of("JSHeapUsedSize") };
    }

    await pass(0, SETTLED_MIN);
    const before = await measure();
    await pass(SETTLED_MIN, SETTLED_MIN + 60);
    const after = await measure();
    console.log(
      `an hour: ${before.nodes} nodes and ${after.nodes} after it, ${(before.heap / 1e6).toFixed(2)} MB and ${(after.heap / 1e6).toFixed(2)}`,
    );
    expect(after.nodes).toBeLessThanOrEqual(before.nodes * 1.1 + 50);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners + 2);
    expect(after.heap).toBeLessThanOrEqual(before.heap * 1.25);
    expect(page.troubles).toEqual([]);
  });
});
