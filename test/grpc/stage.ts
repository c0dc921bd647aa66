// Real gRPC apps in the slots of a scene, and real gRPC clients of its sluice.

import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { type Child, startChild } from "../../loadtest/child.ts";
import type { Scene } from "../harness/scene.ts";
import type { Sidecar } from "../harness/sidecar.ts";
import { ECHO, HEALTH, type Said, type Saying } from "./echo.ts";

const APP = fileURLToPath(new URL("app.ts", import.meta.url));
const WAIT_MS = 15_000;

/** What sluice is told for an app that speaks gRPC. */
export const GRPC_FLAGS = ["--app-protocol", "h2c", "--probe", "grpc"];

export interface GrpcApp {
  readonly child: Child;
  /** The first line of the app that says so. */
  said(event: string, text?: string): Promise<unknown>;
}

/** Starts the app in the slot; resolves once sluice has taken its handshake. */
export async function startGrpcApp(
  scene: Scene,
  sluice: Sidecar,
  slot: string,
  version: string,
): Promise<GrpcApp> {
  const child = startChild([APP], {
    ...process.env,
    PORT: String(scene.ports.slots[slot]),
    VERSION: version,
    SLUICE_SLOT: slot,
    SLUICE_CONTROL: `127.0.0.1:${scene.ports.control}`,
  });
  scene.later(() => {
    child.kill("SIGKILL");
    return child.exited;
  });
  await sluice.event("handshake", (event) => event.version === version);
  return {
    child,
    said: (event, text) =>
      child.line((line) => line.event === event && (text === undefined || line.text === text), WAIT_MS),
  };
}

export interface Outcome {
  readonly code: grpc.status;
  readonly details: string;
  readonly said: readonly Said[];
  readonly metadata: grpc.Metadata;
}

const EchoClient = grpc.makeGenericClientConstructor(ECHO, "Echo");
const HealthClient = grpc.makeGenericClientConstructor(HEALTH, "Health");

export class GrpcClient {
  readonly echo: grpc.Client;
  readonly health: grpc.Client;

  /** `target`: "127.0.0.1:8080", or several as "ipv4:127.0.0.1:8080,127.0.0.1:8081". */
  constructor(target: string, options: grpc.ChannelOptions = {}) {
    // A channel of its own: else all clients of a test would share one connection.
    const own = { "grpc.use_local_subchannel_pool": 1, ...options };
    this.echo = new EchoClient(target, grpc.credentials.createInsecure(), own);
    this.health = new HealthClient(target, grpc.credentials.createInsecure(), own);
  }

  close(): void {
    this.echo.close();
    this.health.close();
  }

  say(saying: Saying, options: grpc.CallOptions = {}, metadata = new grpc.Metadata()): Promise<Outcome> {
    return this.#unary(ECHO.say, saying, options, metadata);
  }

  fail(): Promise<Outcome> {
    return this.#unary(ECHO.fail, { text: "" }, {}, new grpc.Metadata());
  }

  /** Also returns the call, to be cancelled. */
  begin(saying: Saying): { call: grpc.ClientUnaryCall; outcome: Promise<Outcome> } {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const { path, requestSerialize, responseDeserialize } = ECHO.say;
    const call = this.echo.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      saying,
      (error, said) => resolve(outcomeOf(error, said ? [said] : [], error?.metadata ?? new grpc.Metadata())),
    );
    return { call, outcome: promise };
  }

  count(saying: Saying): { call: grpc.ClientReadableStream<Said>; outcome: Promise<Outcome> } {
    const { path, requestSerialize, responseDeserialize } = ECHO.count;
    const call = this.echo.makeServerStreamRequest(path, requestSerialize, responseDeserialize, saying);
    return { call, outcome: outcomeOfStream(call) };
  }

  sum(texts: readonly string[]): Promise<Outcome> {
    const { path, requestSerialize, responseDeserialize } = ECHO.sum;
    return new Promise((resolve) => {
      const call = this.echo.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        (error, said) => resolve(outcomeOf(error, said ? [said] : [], new grpc.Metadata())),
      );
      for (const text of texts) call.write({ text });
      call.end();
    });
  }

  talk(): { call: grpc.ClientDuplexStream<Saying, Said>; outcome: Promise<Outcome> } {
    const { path, requestSerialize, responseDeserialize } = ECHO.talk;
    const call = this.echo.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    return { call, outcome: outcomeOfStream(call) };
  }

  /** HealthCheckResponse as bytes. */
  check(): Promise<Buffer> {
    const { path, requestSerialize, responseDeserialize } = HEALTH.check;
    return new Promise((resolve, reject) => {
      this.health.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        Buffer.alloc(0),
        (error, bytes) => (error ? reject(error) : resolve(bytes ?? Buffer.alloc(0))),
      );
    });
  }

  #unary(
    { path, requestSerialize, responseDeserialize }: typeof ECHO.say,
    saying: Saying,
    options: grpc.CallOptions,
    metadata: grpc.Metadata,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      let trailers = new grpc.Metadata();
      const call = this.echo.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        saying,
        metadata,
        options,
        (error, said) => setImmediate(() => resolve(outcomeOf(error, said ? [said] : [], trailers))),
      );
      call.on("status", (status) => {
        trailers = status.metadata;
      });
    });
  }
}

function outcomeOf(error: grpc.ServiceError | null, said: readonly Said[], metadata: grpc.Metadata): Outcome {
  return { code: error?.code ?? grpc.status.OK, details: error?.details ?? "", said, metadata };
}

function outcomeOfStream(
  call: grpc.ClientReadableStream<Said> | grpc.ClientDuplexStream<Saying, Said>,
): Promise<Outcome> {
  const said: Said[] = [];
  call.on("data", (one: Said) => said.push(one));
  call.on("error", () => {});
  return new Promise((resolve) => {
    call.on("status", ({ code, details, metadata }) => resolve({ code, details, said, metadata }));
  });
}
