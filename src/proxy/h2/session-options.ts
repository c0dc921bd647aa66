// What a client's HTTP/2 connection may ask of sluice. nghttp2 enforces most of it; what it lacks is in client-session.ts.

import type { ClientSessionOptions, ServerOptions } from "node:http2";
import type { Limits } from "../limits.ts";

/** Most requests under way on one connection; a client waits with more. */
const MAX_STREAMS = 256;
/** Most bytes of one request's body that wait for a slow app; nghttp2's own measure. */
const STREAM_WINDOW_BYTES = 64 * 1024;
/** Most bytes that a client may send on one connection before it is told to go on. */
export const CONNECTION_WINDOW_BYTES = 1024 * 1024;
/** Most memory of one client's connection for heads and what waits to be sent, MB; beyond it, new streams are refused. */
const SESSION_MEMORY_MB = 64;
/** The same of a connection to the app, where what waits is bounded by the clients; beyond it, answers would be refused. */
const APP_SESSION_MEMORY_MB = 1024;
/** Streams that a client may reset at once, and per second in the long run (CVE-2023-44487); beyond, the connection ends. */
const RESETS_AT_ONCE = 1000;
const RESETS_PER_SECOND = 200;
/** Malformed frames until the connection ends. */
const MAX_INVALID_FRAMES = 100;
/** Streams refused by nghttp2 itself until the connection ends. */
const MAX_REJECTED_STREAMS = 100;
/**
 * So many times what a head may be is still read, to be refused as a request with its code; beyond, its stream is reset. A field
 * counts 32 bytes more here (RFC 9113 6.5.2).
 */
const HEAD_SLACK = 2;
const FIELD_OVERHEAD_BYTES = 32;
const PSEUDO_FIELDS = 5;

type HeadLimits = Pick<Limits, "maxHeadBytes" | "maxFields">;

export function clientSessionOptions(limits: HeadLimits): ServerOptions {
  return {
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: headListBytes(limits),
      enableConnectProtocol: false,
    },
    maxHeaderListPairs: headListPairs(limits),
    maxSessionMemory: SESSION_MEMORY_MB,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    streamResetBurst: RESETS_AT_ONCE,
    streamResetRate: RESETS_PER_SECOND,
    // What the app says more than once is passed on as it came.
    strictSingleValueFields: false,
  };
}

/** @types/node knows the last one of servers only. */
export function appSessionOptions(
  limits: HeadLimits,
): ClientSessionOptions & { readonly strictSingleValueFields: boolean } {
  return {
    settings: { enablePush: false, maxHeaderListSize: headListBytes(limits) },
    maxSessionMemory: APP_SESSION_MEMORY_MB,
    maxHeaderListPairs: headListPairs(limits),
    strictSingleValueFields: false,
  };
}

function headListBytes({ maxHeadBytes, maxFields }: HeadLimits): number {
  return HEAD_SLACK * (maxHeadBytes + maxFields * FIELD_OVERHEAD_BYTES);
}

function headListPairs({ maxFields }: Pick<Limits, "maxFields">): number {
  return HEAD_SLACK * maxFields + PSEUDO_FIELDS;
}
