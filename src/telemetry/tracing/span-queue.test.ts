import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { createOtlpExporter } from "./otlp.ts";
import type { Span } from "./span.ts";
import { createSpanQueue } from "./span-queue.ts";

const span = (number: number): Span => ({
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: (number + 1).toString(16).padStart(16, "0"),
  parentId: undefined,
  name: "GET",
  kind: "server",
  from: 1_700_000_000_000.25,
  to: 1_700_000_000_001.5,
  attributes: { a: "b" },
});
const spans = (count: number) => Array.from({ length: count }, (_, number) => span(number));

function setUp(send: (spans: readonly Span[]) => Promise<void>) {
  const told: string[] = [];
  const queue = createSpanQueue({
    send,
    onFailing: (error) => told.push(error.message),
    onRecovered: () => told.push("recovered"),
  });
  return { queue, told };
}

test("spans go out in batches, one at a time", async () => {
  const sizes: number[] = [];
  let underWay = 0;
  const { queue } = setUp(async (batch) => {
    expect(++underWay).toBe(1);
    sizes.push(batch.length);
    await new Promise(setImmediate);
    underWay--;
  });
  queue.add(spans(1_300));
  await queue.flush(5_000);
  expect(sizes).toEqual([512, 512, 276]);
  expect(queue.counts()).toEqual({ exported: 1_300, failed: 0, dropped: 0 });
});

test("a collector that hangs costs no more than the bound, and every span is counted", async () => {
  const { queue } = setUp(() => new Promise(() => {}));
  queue.add(spans(10_000));
  expect(queue.counts()).toEqual({ exported: 0, failed: 0, dropped: 10_000 - 2_048 });
  queue.drop();
  await queue.flush(10);
  expect(queue.counts().dropped).toBe(10_000 - 512 + 1);
});

test("a collector that refuses is told of once, and again when it takes spans", async () => {
  let refuses = true;
  const { queue, told } = setUp(() => (refuses ? Promise.reject(new Error("503")) : Promise.resolve()));
  for (let round = 0; round < 3; round++) {
    queue.add(spans(2));
    await queue.flush(1_000);
  }
  refuses = false;
  queue.add(spans(3));
  await queue.flush(1_000);
  expect(told).toEqual(["503", "recovered"]);
  expect(queue.counts()).toEqual({ exported: 3, failed: 6, dropped: 0 });
});

test("who has failed before is not waited for at the end", async () => {
  let isFirst = true;
  const { queue } = setUp(() => {
    if (!isFirst) return new Promise(() => {});
    isFirst = false;
    return Promise.reject(new Error("503"));
  });
  queue.add(spans(1));
  await queue.flush(1_000);
  queue.add(spans(600));
  // Longer than the test may take.
  await queue.flush(600_000);
  expect(queue.counts()).toEqual({ exported: 0, failed: 1, dropped: 88 });
});

test("a flush without anything to send is over at once, and nothing is sent", async () => {
  const { queue } = setUp(() => Promise.reject(new Error("nothing was to be sent")));
  await queue.flush(60_000);
  expect(queue.counts()).toEqual({ exported: 0, failed: 0, dropped: 0 });
});

test.each([
  ["takes them", 200, undefined],
  ["refuses them", 400, "Bad Request"],
])("over HTTP, a collector that %s", async (_what, status, trouble) => {
  const seen: { url: string | undefined; type: string | undefined; bytes: number }[] = [];
  const server = createServer((request, answer) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => {
      seen.push({ url: request.url, type: request.headers["content-type"], bytes });
      answer.writeHead(status).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const exporter = createOtlpExporter({
    endpoint: `http://127.0.0.1:${port}/base`,
    version: "1",
    instance: "i",
  });
  const sent = exporter.send(spans(3));
  if (trouble === undefined) await sent;
  else await expect(sent).rejects.toThrow(trouble);
  expect(seen).toMatchObject([{ url: "/base/v1/traces", type: "application/x-protobuf" }]);
  expect(seen[0]?.bytes).toBeGreaterThan(100);
  server.closeAllConnections();
  server.close();
});

test("the standard variables name the service and carry what the collector wants to see", async () => {
  const seen: { authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (request, answer) => {
    const body = Buffer.concat(await request.toArray()).toString("latin1");
    seen.push({ authorization: request.headers.authorization, body });
    answer.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0ken");
  vi.stubEnv("OTEL_SERVICE_NAME", "shop-sluice");
  vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=web-1");
  // Set for all containers of the Pod; it is not where sluice sends.
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
  try {
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    await createOtlpExporter({ endpoint, version: "1", instance: "i" }).send(spans(1));
  } finally {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  }
  expect(seen[0]?.authorization).toBe("Bearer t0ken");
  for (const text of ["shop-sluice", "k8s.pod.name", "web-1"]) expect(seen[0]?.body).toContain(text);
});
