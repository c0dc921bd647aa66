// The grpc probe: grpc.health.v1.Health/Check over HTTP/2 in clear text. The two messages have one field each, so they are
// written and read by hand (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).

import { connect } from "node:http2";
import { connect as connectSocket } from "node:net";
import { formatHostPort } from "../config/address.ts";
import {
  type EndAttempt,
  failed,
  failedConnection,
  type ProbeAttempt,
  passed,
  runAttempt,
} from "./probe-attempt.ts";

const MOST_ANSWER_BYTES = 4_096;
/** HealthCheckResponse.ServingStatus. */
const SERVING_STATUS = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/** grpc-status values that a person can act on; the others are told by number. */
const GRPC_STATUS: Readonly<Record<string, string>> = {
  "5": "the health service does not know it",
  "12": "no health service is registered (grpc.health.v1.Health)",
};

/** Passes when the health service says SERVING for `service`; "" asks for the server as a whole. */
export function probeGrpc(attempt: ProbeAttempt, service: string): EndAttempt {
  const name = service === "" ? "the server" : `service ${service}`;
  return runAttempt(attempt, (finish) => {
    // A socket of our own, since HTTP/2 tells of a refused connection as of a cancelled stream.
    const socket = connectSocket({ host: attempt.host, port: attempt.port });
    socket.on("error", (error) => finish(failedConnection(error)));
    const session = connect(`http://${formatHostPort(attempt)}`, { createConnection: () => socket });
    session.on("error", (error) => finish(outcomeOfError(error)));
    session.on("close", () => finish(failed("closed the connection before an answer")));
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      "user-agent": "sluice-probe/1",
      te: "trailers",
    });
    let httpStatus = 0;
    let grpcStatus: string | undefined;
    let answer = Buffer.alloc(0);
    stream.on("error", (error) => finish(outcomeOfError(error)));
    stream.on("response", (headers) => {
      httpStatus = headers[":status"] ?? 0;
      grpcStatus = textOf(headers["grpc-status"]);
    });
    stream.on("trailers", (trailers) => {
      grpcStatus = textOf(trailers["grpc-status"]) ?? grpcStatus;
    });
    stream.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length > MOST_ANSWER_BYTES) finish(failed("sent something else than a health answer"));
    });
    stream.on("end", () => {
      if (httpStatus !== 200) finish(failed(`answered HTTP status ${httpStatus} to the gRPC health check`));
      else if (grpcStatus !== "0") {
        const why = GRPC_STATUS[grpcStatus ?? ""] ?? `gRPC status ${grpcStatus ?? "missing"}`;
        finish(failed(`gRPC health check of ${name} failed: ${why}`));
      } else {
        const status = readServingStatus(answer);
        if (status === "SERVING") finish(passed(`${name} is SERVING`));
        else finish(failed(status ? `${name} is ${status}` : "sent something else than a health answer"));
      }
    });
    stream.end(encodeCheckRequest(service));
    return () => {
      session.destroy();
      socket.destroy();
    };
  });
}

/** One gRPC message: flag 0 (not compressed), length in 4 bytes, then HealthCheckRequest { string service = 1 }. */
export function encodeCheckRequest(service: string): Buffer {
  const text = Buffer.from(service);
  // proto3 leaves an empty string out. Tag 0x0a: field 1, length-delimited.
  const message =
    text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a, ...varint(text.length)]), text]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Reads HealthCheckResponse { ServingStatus status = 1 }, alone in its message; undefined for anything else. */
export function readServingStatus(answer: Buffer): string | undefined {
  if (answer.length < 5 || answer[0] !== 0 || answer.readUInt32BE(1) !== answer.length - 5) return undefined;
  const message = answer.subarray(5);
  if (message.length === 0) return SERVING_STATUS[0];
  // Tag 0x08: field 1, varint. All values of the enum fit into one byte.
  if (message.length !== 2 || message[0] !== 0x08) return undefined;
  return SERVING_STATUS[message[1] ?? -1];
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function textOf(field: string | string[] | undefined): string | undefined {
  return Array.isArray(field) ? field[0] : field;
}

function outcomeOfError(error: Error): ReturnType<typeof failed> {
  const isProtocol = "code" in error && String(error.code).startsWith("ERR_HTTP2");
  return isProtocol ? failed("does not speak HTTP/2, which gRPC needs") : failedConnection(error);
}
