// What sluice knows of gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): how it is recognized, how a
// refusal is said in it, and where one message ends. Everything else is between the app and its client.

import { CATALOGUE, type ErrorCode, statusOf } from "../../errors.ts";
import { type Fields, valuesOf } from "../headers/fields.ts";

/** Not gRPC-Web (application/grpc-web), which is ordinary HTTP to everyone between. */
export function isGrpc(fields: Fields): boolean {
  return /^application\/grpc\s*(?:[+;]|$)/i.test(valuesOf(fields, "content-type")[0] ?? "");
}

const UNKNOWN = 2;
const INTERNAL = 13;
const UNAVAILABLE = 14;

/**
 * The grpc-status that a client would make of the HTTP status by itself
 * (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
 */
export function grpcStatusOf(status: number): number {
  if (status === 502 || status === 503 || status === 504) return UNAVAILABLE;
  return status === 400 ? INTERNAL : UNKNOWN;
}

/** The fields of trailers that end a call with the code. */
export function grpcTrailers(code: ErrorCode, requestId: string): string[] {
  const message = `${code}: ${CATALOGUE[code].meaning} (${requestId})`;
  return ["grpc-status", String(grpcStatusOf(statusOf(code))), "grpc-message", percentEncoded(message)];
}

/** The trailers of a stream that is ended because its app, or the Pod, is about to go. */
export function grpcFarewell(): string[] {
  return ["grpc-status", String(UNAVAILABLE), "grpc-message", "the server is shutting down"];
}

/** Printable ASCII but "%" stays; everything else goes byte by byte. */
function percentEncoded(text: string): string {
  return text.replaceAll(/[^ -$&-~]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}

const PREFIX_BYTES = 5;

/** Follows the length-prefixed messages of one direction, so that it can be ended between two of them. */
export class GrpcMessages {
  /** Messages that have passed whole. */
  whole = 0;
  #prefixSeen = 0;
  #length = 0;
  #left = 0;

  get isBetween(): boolean {
    return this.#prefixSeen === 0 && this.#left === 0;
  }

  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.whole++;
      } else {
        this.#length = this.#prefixSeen === 0 ? 0 : this.#length * 256 + chunk[at]!;
        this.#prefixSeen++;
        at++;
        if (this.#prefixSeen < PREFIX_BYTES) continue;
        this.#prefixSeen = 0;
        this.#left = this.#length;
        if (this.#left === 0) this.whole++;
      }
    }
  }
}
