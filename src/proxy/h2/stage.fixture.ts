// The stage of the engines' suites with HTTP/2 in front, and apps that speak HTTP/2 themselves.

import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { EngineParts } from "../engine.ts";
import type { AppBehaviour } from "../engine-suite/raw-app.ts";
import { destinationOf, type Stage, type StageOptions, setStage } from "../engine-suite/stage.ts";
import { createStandardEngine } from "../standard/engine.ts";
import { createWireEngine } from "../wire/engine.ts";
import { createEngineWithHttp2 } from "./engine-with-http2.ts";

/** Short, so that a test waits for what it is about. */
const patience = { silenceMs: 200, pongMs: 200 };
const withStandard = (parts: EngineParts) =>
  createEngineWithHttp2(parts, { appProtocol: "h1", create: createStandardEngine, patience });
const withWire = (parts: EngineParts) =>
  createEngineWithHttp2(parts, { appProtocol: "h1", create: createWireEngine, patience });
const with2 = (parts: EngineParts) =>
  createEngineWithHttp2(parts, { appProtocol: "h2c", create: createStandardEngine, patience });

/** HTTP/2 in front of an app that speaks HTTP/1.1, beside either engine. */
export function stageOfHttp1App(
  behaviour: AppBehaviour,
  options?: StageOptions,
  engine: "standard" | "wire" = "standard",
): Promise<Stage> {
  return setStage(engine === "wire" ? withWire : withStandard, behaviour, options);
}

/** HTTP/2 in front of whatever listens on the port, asked over HTTP/2. */
export function stageOfHttp2App(port: number, options: StageOptions = {}): Promise<Stage> {
  const route = { to: "generation", destination: destinationOf(port) } as const;
  return setStage(with2, {}, { route, ...options });
}

export type Answering = (
  stream: ServerHttp2Stream,
  head: { readonly raw: readonly string[]; readonly flags: number },
) => void;

export class Http2App {
  readonly server: Http2Server;
  readonly sessions = new Set<ServerHttp2Session>();
  readonly streams: ServerHttp2Stream[] = [];
  #waiters: (() => void)[] = [];

  constructor(answer: Answering, settings: object = {}) {
    this.server = createServer({ settings });
    this.server.on("session", (session) => {
      this.sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => {
        this.sessions.delete(session);
        this.#notify();
      });
    });
    this.server.on("stream", (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw: string[]) => {
      this.streams.push(stream);
      stream.on("error", () => {});
      stream.on("close", () => this.#notify());
      answer(stream, { raw, flags });
      this.#notify();
    });
  }

  static async start(answer: Answering, settings?: object): Promise<Http2App> {
    const app = new Http2App(answer, settings);
    await new Promise<void>((resolve) => app.server.listen(0, "127.0.0.1", resolve));
    return app;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async until(seen: () => boolean): Promise<void> {
    while (!seen()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #notify(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
