// What a route is, in words of our own: the vendor behind the servers is known to server.ts alone.

import type { IncomingHttpHeaders } from "node:http";
import type { StreamOpener } from "./line-stream.ts";

export type Method = "GET" | "HEAD" | "POST" | "PUT";

/** [method, path]; `:name` in a path is a parameter. */
export type RouteName = readonly [method: Method, path: `/${string}`];

/** "GET /livez" for ["GET", "/livez"]: the key of the route's handler, so that a list and its handlers cannot drift. */
export type RouteKey<Name> = Name extends readonly [infer M extends string, infer P extends string]
  ? `${M} ${P}`
  : never;

export type Handlers<Names extends readonly RouteName[]> = Readonly<Record<RouteKey<Names[number]>, Handler>>;

export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined if there was no body. */
  readonly body: unknown;
  /** Undefined on a Unix socket. */
  readonly remoteAddress: string | undefined;
  readonly localAddress: string | undefined;
  /** Answers with JSON lines for as long as both sides want. What `open` throws is the answer instead. */
  stream(open: StreamOpener): Streaming;
}

/** The answer is under way already. */
export type Streaming = "streaming";

export interface Answer {
  /** 200 by default. */
  readonly status?: number;
  /** A string or a stream goes out as it is; everything else as JSON. */
  readonly body: unknown;
  /** Of a string. */
  readonly contentType?: string;
  /** Lower-case names; they go before those of the server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Closes the connection after the answer. */
  readonly isLast?: boolean;
}

export type Handler = (call: Call) => Answer | Streaming | Promise<Answer>;

export interface Route {
  readonly name: RouteName;
  readonly handler: Handler;
}

/** Joins a list of routes with their handlers. */
export function routesOf<const Names extends readonly RouteName[]>(
  names: Names,
  handlers: Handlers<Names>,
): Route[] {
  const byKey: Readonly<Record<string, Handler>> = handlers;
  return names.map((name) => {
    const handler = byKey[`${name[0]} ${name[1]}`];
    if (!handler) throw new TypeError(`no handler for ${name[0]} ${name[1]}`);
    return { name, handler };
  });
}
