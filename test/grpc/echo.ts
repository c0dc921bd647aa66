// The service of the gRPC tests: one method of each kind, with JSON in place of protocol buffers, and the standard health
// service (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).

import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

export interface Saying {
  readonly text: string;
  /** How long the app takes, ms. */
  readonly ms?: number;
  readonly count?: number;
}

export interface Said {
  readonly text: string;
  readonly version: string;
}

const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes: Buffer) => JSON.parse(bytes.toString());
const asIs = (bytes: Buffer): Buffer => bytes;

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<Saying, Said> {
  return {
    path: `/sluice.test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
    originalName: name,
  };
}

function health(name: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/grpc.health.v1.Health/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
    originalName: name,
  };
}

export const ECHO = {
  say: method("Say", false, false),
  count: method("Count", false, true),
  sum: method("Sum", true, false),
  talk: method("Talk", true, true),
  fail: method("Fail", false, false),
} satisfies ServiceDefinition;

export const HEALTH = {
  check: health("Check", false),
  watch: health("Watch", true),
} satisfies ServiceDefinition;

/** HealthCheckResponse { status }: 1 is SERVING, 2 NOT_SERVING. */
export const servingStatus = (status: 1 | 2): Buffer => Buffer.from([0x08, status]);
