// Traces, as a real collector receives them from a real sluice; and what becomes of requests when the collector does not.

import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect } from "vitest";
import { createPortSource } from "../loadtest/free-port.ts";
import { BUILD_WITHIN_MS, buildCollector, type Collector, GO, startCollector } from "./harness/collector.ts";
import { type Scene, test } from "./harness/scene.ts";
import { describeWith } from "./harness/tool.ts";
import { createCleanUp } from "./sluice.fixture.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const freePort = createPortSource();

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const call = request({ port, host: "127.0.0.1", path, headers, agent: false }, async (answer) => {
    const chunks = await answer.setEncoding("utf8").toArray();
    resolve({ status: answer.statusCode ?? 0, text: chunks.join("") });
  });
  call.on("error", reject);
  call.end();
  return promise;
}

/** Every line that the process has logged, as it is. */
const logOf = (scene: { child: { lines: readonly { value: unknown }[] } }) =>
  JSON.stringify(scene.child.lines.map(({ value }) => value));

describeWith([GO], "traces at a real collector", () => {
  const cleanUp = createCleanUp();
  let binary = "";
  beforeAll(async () => {
    binary = await buildCollector(cleanUp.folder());
  }, BUILD_WITHIN_MS);
  afterAll(() => cleanUp.run());

  async function collect(scene: Scene, ...flags: string[]) {
    const collector: Collector = await startCollector(binary, await freePort());
    scene.later(() => collector.stop());
    const sluice = await scene.sluice(["--otlp-endpoint", collector.endpoint, ...flags]);
    return { collector, sluice };
  }

  for (const engine of ["standard", "wire"] as const) {
    test(`${engine}: a request that was held and sent twice is one trace, which goes on in the app`, async ({
      one,
    }) => {
      const { collector, sluice } = await collect(one, "--engine", engine, "--trace-sample", "0");
      const asked = ask(one.ports.listen, "/held?token=secret", {
        traceparent: `00-${TRACE}-${PARENT}-01`,
        tracestate: "rojo=1",
        authorization: "Bearer secret",
      });
      const seen: (string | string[] | undefined)[][] = [];
      await sluice.event("started");
      await one.app("a", {
        handler(incoming, response) {
          if (incoming.url === "/healthz") return void response.end();
          seen.push([incoming.headers.traceparent, incoming.headers.tracestate]);
          if (seen.length === 1) incoming.socket.destroy();
          else response.end("at last");
        },
      });
      expect(await asked).toEqual({ status: 200, text: "at last" });
      const root = await collector.span(({ kind, traceId }) => kind === 2 && traceId === TRACE);
      expect(root).toMatchObject({
        name: "GET",
        parentSpanId: PARENT,
        status: 0,
        attributes: {
          "http.request.method": "GET",
          "http.response.status_code": 200,
          "url.path": "/held",
          "sluice.slot": "a",
          "sluice.version": "v1",
          "sluice.replayed": true,
          "sluice.ending": "answered",
        },
        resource: { "service.name": "sluice" },
      });
      const parts = collector.spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
      const named = (name: string) => parts.filter((part) => part.name === name);
      expect([named("send to a").length, named("replay to a").length]).toEqual([1, 1]);
      expect(named("hold").length).toBeGreaterThanOrEqual(1);
      for (const part of parts) {
        expect(part.traceId).toBe(TRACE);
        expect(part.from).toBeGreaterThanOrEqual(root.from - 0.01);
        expect(part.to).toBeLessThanOrEqual(root.to + 0.01);
      }
      // Each attempt is the parent of what the app makes of it.
      expect(seen).toEqual([
        [`00-${TRACE}-${named("send to a")[0]?.spanId}-01`, "rojo=1"],
        [`00-${TRACE}-${named("replay to a")[0]?.spanId}-01`, "rojo=1"],
      ]);
      expect(collector.text()).not.toContain("secret");
    });

    test(`${engine}: what is not sampled keeps its fields as they came, and leaves no span`, async ({
      one,
    }) => {
      const { collector } = await collect(one, "--engine", engine, "--trace-sample", "0");
      const seen: string[][] = [];
      await one.app("a", {
        handler(incoming, response) {
          const raw = incoming.rawHeaders;
          if (incoming.url !== "/healthz")
            seen.push(raw.flatMap((name, at) => (/^trace/i.test(name) ? [name, raw[at + 1]!] : [])));
          response.end();
        },
      });
      const unsampled = `00-${TRACE}-${PARENT}-00`;
      await ask(one.ports.listen, "/1", { TraceParent: unsampled, tracestate: "rojo=1" });
      await ask(one.ports.listen, "/2", { traceparent: "garbage" });
      await ask(one.ports.listen, "/3");
      await ask(one.ports.listen, "/4", { traceparent: `00-${TRACE}-${PARENT}-01` });
      expect(seen.slice(0, 3)).toEqual([
        ["TraceParent", unsampled, "tracestate", "rojo=1"],
        ["traceparent", "garbage"],
        [],
      ]);
      await collector.span(({ attributes }) => attributes["url.path"] === "/4");
      expect(collector.spans.filter(({ kind }) => kind === 2).length).toBe(1);
    });
  }

  test("a request over HTTP/2 is traced like any other", async ({ one }) => {
    const { collector } = await collect(one, "--trace-sample", "0");
    const seen: (string | string[] | undefined)[] = [];
    await one.app("a", {
      handler(incoming, response) {
        if (incoming.url !== "/healthz") seen.push(incoming.headers.traceparent);
        response.end();
      },
    });
    const session = connect(`http://127.0.0.1:${one.ports.listen}`);
    const stream = session.request({ ":path": "/h2", traceparent: `00-${TRACE}-${PARENT}-01` });
    const [head] = await once(stream, "response");
    expect(head[":status"]).toBe(200);
    await stream.resume().toArray();
    session.close();
    const root = await collector.span(
      ({ kind, attributes }) => kind === 2 && attributes["url.path"] === "/h2",
    );
    expect(root).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    const sent = collector.spans.find(({ name }) => name === "send to a");
    expect(seen).toEqual([`00-${TRACE}-${sent?.spanId}-01`]);
  });

  test("a switch, the drain that follows and the stop of the Pod are traces, and the log names them", async ({
    two,
  }) => {
    const { collector, sluice } = await collect(two, "--trace-sample", "1", "--access-log");
    const v1 = await two.app("a");
    await sluice.event("switch");
    const long = ask(two.ports.listen, "/wait");
    await v1.waiting(1);
    await two.app("b", { version: "v2" });
    await sluice.event("switch", ({ version }) => version === "v2");
    v1.release();
    await long;
    await sluice.event("drain_ended");
    sluice.signal("SIGTERM");
    expect(await sluice.ended).toBe(0);

    const toB = await collector.span(({ name }) => name === "switch to slot b");
    expect(toB).toMatchObject({
      parentSpanId: "",
      attributes: {
        "sluice.version": "v2",
        "sluice.switch.cause": "new_version",
        "sluice.switch.from_slot": "a",
      },
    });
    const inTrace = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
    expect(inTrace(toB.traceId).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["switch to slot b", "probe", "switch", "drain slot a"]),
    );
    const drain = inTrace(toB.traceId).find(({ name }) => name === "drain slot a");
    expect(drain).toMatchObject({
      parentSpanId: toB.spanId,
      attributes: { "sluice.drain.in_flight_at_begin": 1, "sluice.drain.in_flight_at_end": 0 },
    });
    expect(drain?.from).toBeGreaterThanOrEqual(toB.to - 1);

    const stop = await collector.span(({ name }) => name === "stop of the Pod");
    expect(stop.attributes).toMatchObject({
      "sluice.stop.cause": "SIGTERM",
      "sluice.stop.outcome": "exit 0",
    });
    expect(inTrace(stop.traceId).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["lame duck", "drain", "exit"]),
    );
    const lines = sluice.child.lines.map(({ value }) => value);
    const traceOf = (
      event: string,
      more: (line: Readonly<Record<string, unknown>>) => boolean = () => true,
    ) => lines.findLast((line) => line.event === event && more(line))?.traceId;
    expect(traceOf("switch")).toBe(toB.traceId);
    expect(traceOf("drain_ended")).toBe(toB.traceId);
    expect(traceOf("pod_leaving")).toBe(stop.traceId);
    expect(traceOf("exit")).toBe(stop.traceId);
    const request = await collector.span(({ attributes }) => attributes["url.path"] === "/wait");
    expect(traceOf("request", ({ target }) => target === "/wait")).toBe(request.traceId);
  });
});

interface Trouble {
  readonly what: string;
  readonly start: (scene: Scene) => Promise<string>;
}

async function serve(scene: Scene, answers: boolean): Promise<string> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    if (answers) response.writeHead(503).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  scene.later(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TROUBLES: readonly Trouble[] = [
  { what: "is gone", start: async () => `http://127.0.0.1:${await freePort()}` },
  { what: "never answers", start: (scene) => serve(scene, false) },
  { what: "refuses", start: (scene) => serve(scene, true) },
  { what: "has no name in DNS", start: async () => "http://collector.invalid:4318" },
];

for (const { what, start } of TROUBLES) {
  test(`no request notices a collector that ${what}, its spans count as lost, and the stop is in order`, async ({
    one,
  }) => {
    const endpoint = await start(one);
    const sluice = await one.sluice(
      ["--otlp-endpoint", endpoint, "--trace-sample", "1"],
      ["env", "OTEL_EXPORTER_OTLP_TIMEOUT=500"],
    );
    await one.app("a");
    // Two spans each, and those of the switch: more than one batch.
    for (let count = 0; count < 300; count++) {
      expect((await ask(one.ports.listen, `/${count}`)).status).toBe(200);
    }
    await sluice.child.line(({ event }) => event === "traces_lost", 15_000);
    const metrics = String((await sluice.ops("/metrics")).body);
    const spans = (outcome: string) =>
      Number(
        new RegExp(`^sluice_trace_spans_total\\{outcome="${outcome}"\\} (\\d+)$`, "m").exec(metrics)?.[1],
      );
    expect([spans("exported"), spans("dropped")]).toEqual([0, 0]);
    expect(spans("failed")).toBeGreaterThanOrEqual(512);
    expect((await ask(one.ports.listen, "/after")).status).toBe(200);
    sluice.signal("SIGTERM");
    expect(await sluice.ended).toBe(0);
    // What went wrong is said once, not for each batch.
    expect(logOf(sluice).split('"event":"traces_lost"').length).toBeLessThanOrEqual(2);
  });
}

test("neither the hook's token nor a field or query of a request is in the log, at its finest level", async ({
  one,
}) => {
  const sluice = await one.sluice(["--hook-token", "hook-s3cret", "--log-level", "trace", "--access-log"]);
  await one.app("a");
  await ask(one.ports.listen, "/path?key=query-s3cret", {
    authorization: "Bearer field-s3cret",
    cookie: "session=cookie-s3cret",
  });
  await sluice.ops("/prestop/slots/a", { "sluice-token": "wrong-s3cret" });
  const hook = await sluice.ops("/prestop/slots/a", { "sluice-token": "hook-s3cret" });
  expect(hook.status).toBe(200);
  await sluice.event("hook_answered");
  sluice.signal("SIGTERM");
  await sluice.ended;
  const lines = logOf(sluice);
  expect(lines).toContain('"target":"/path"');
  expect(lines).not.toContain("s3cret");
});
