// A real OpenTelemetry collector (test/collector), and what it has received.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { Tool } from "./tool.ts";

export const GO: Tool = {
  name: "go 1.21 or newer, which finds the toolchain that go.mod asks for",
  probe: ["sh", "-c", 'test -n "$(go env GOTOOLCHAIN)"'],
};
const SOURCE = join(import.meta.dirname, "../collector");
/** Nothing is in go's caches yet: a hundred modules are fetched and compiled. */
export const BUILD_WITHIN_MS = 600_000;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly string[];
  /** 2: error. */
  readonly status: number;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

export interface Collector {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** All that it printed. */
  readonly text: () => string;
  /** The first span, received or to come, that matches. */
  span(matches: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  stop(): Promise<void>;
}

/** Resolves with the path of the program. */
export async function buildCollector(folder: string): Promise<string> {
  const binary = join(folder, "collector");
  const env = { ...process.env, GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" };
  await promisify(execFile)("go", ["build", "-o", binary, "."], {
    cwd: SOURCE,
    env,
    timeout: BUILD_WITHIN_MS,
  });
  return binary;
}

/** Resolves once it takes connections. */
export async function startCollector(binary: string, port: number): Promise<Collector> {
  const at = `127.0.0.1:${port}`;
  const configuration = `
receivers: { otlp: { protocols: { http: { endpoint: "${at}" } } } }
exporters: { lines: {} }
service: { pipelines: { traces: { receivers: [otlp], exporters: [lines] } } }
`;
  const child = spawn(binary, [configuration], { stdio: ["ignore", "pipe", "inherit"] });
  const spans: ReceivedSpan[] = [];
  const waiting = new Set<() => void>();
  let text = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    text += `${line}\n`;
    spans.push(...spansOf(JSON.parse(line)));
    for (const look of [...waiting]) look();
  });
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}`);
    await pause(20);
  }
  return {
    endpoint: `http://${at}`,
    spans,
    text: () => text,
    span(matches) {
      const { promise, resolve } = Promise.withResolvers<ReceivedSpan>();
      const look = () => {
        const found = spans.find(matches);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return promise;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

/** OTLP's JSON, as far as it is looked at. */
interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly { readonly name: string }[];
  readonly status?: { readonly code?: number };
}

function spansOf({ resourceSpans }: Batch): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        name: span.name,
        kind: span.kind,
        from: Number(span.startTimeUnixNano) / 1e6,
        to: Number(span.endTimeUnixNano) / 1e6,
        attributes: attributesOf(span.attributes),
        events: (span.events ?? []).map(({ name }) => name),
        status: span.status?.code ?? 0,
        resource: attributesOf(resource.attributes),
      })),
    ),
  );
}

function attributesOf(all: readonly KeyValue[] = []): Record<string, string | number | boolean> {
  return Object.fromEntries(
    all.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue ?? Number.NaN),
    ]),
  );
}
