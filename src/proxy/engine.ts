// What sidecar.ts sees of an engine, and what an engine needs. Both engines share admission, hold, replay rule,
// tickets, header rules, limits and records; an engine only speaks HTTP.

import type { Socket } from "node:net";
import type { Tickets } from "../drain/tickets.ts";
import type { Admission } from "./admission.ts";
import type { Limits } from "./limits.ts";
import type { RequestRecord } from "./record.ts";
import type { BeginTrace } from "./trace.ts";

/** Facts about the app and the client side that an engine notices while it works. Called synchronously. */
export interface EngineObserver {
  /** The request ended, in exactly one way; called once for each ticket. */
  ended(record: RequestRecord): void;
  /** The generation's address refused a connection. The route may have changed when this returns. */
  refused(generation: number): void;
  /** A connection to the generation succeeded or an answer came: it accepts again. Called at most once per connection. */
  accepted(generation: number): void;
  /** A replay is about to be sent, or to be held. */
  replayed(generation: number, requestId: string): void;
  /** A client connection opened or closed; `open` is the number now open. */
  connections(open: number): void;
  /** An unexpected error that concerns no single request (a defect or an exhausted resource). */
  trouble(error: Error, what: string): void;
  /** A client speaks something else than HTTP here, such as TLS. The request is refused and counted as any other. */
  oddity?(what: string, client: string): void;
}

export interface EngineParts {
  readonly listen: { readonly host: string; readonly port: number };
  readonly admission: Admission;
  readonly tickets: Tickets;
  readonly limits: Limits;
  readonly observer: EngineObserver;
  /** Peers whose X-Forwarded-* are believed and appended to; everyone else's are set anew. */
  readonly isTrustedProxy: (address: string) => boolean;
  /** Adds `Via: 1.1 sluice` in both directions. */
  readonly via: boolean;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  /** 128 random bits as 32 hexadecimal digits, for requests that carry no X-Request-Id. */
  readonly newRequestId: () => string;
  /** Asked once for each request, with its fields; undefined: tracing is off. */
  readonly trace?: BeginTrace | undefined;
  /**
   * Takes over a connection that begins with HTTP/2's preface (RFC 9113 3.4), with all bytes read so far, of which the preface
   * is the first part. The engine goes on counting the connection until its socket closes, and does nothing else to it.
   * Without it the preface is refused.
   */
  readonly onPreface?: (socket: Socket, bytes: Buffer) => void;
}

export interface Engine {
  /** Binds the request port. Rejects with PORT_TAKEN. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Lame duck: from now on answers carry `Connection: close`, spread over `overMs` (at first a few, at the end all), and
   * connections that are idle at its end are closed then. Still accepts. Calling it again only shortens the time.
   */
  windDown(overMs: number): void;
  /** Ends lame duck (R4): answers no longer carry `Connection: close`. */
  windUp(): void;
  /**
   * Ends long-lived answers in order: WebSockets with a close frame of `code` at a frame boundary, text/event-stream with
   * a clean end of the message. `generation` undefined: on all generations. Resolves when the ends are flushed or after 1 s.
   */
  endStreams(generation: number | undefined, code: 1001 | 1012): Promise<void>;
  /** Cuts every unfinished request, held ones included; each ends as "deadline". Returns how many were cut. */
  cut(): number;
  /** Forgets the generation's idle connections; those in use go when their request ends. */
  retire(generation: number): void;
  /** Client connections open now. */
  readonly connections: number;
  /** Stops listening, closes idle connections, waits for the others to finish. Idempotent, joinable. */
  close(): Promise<void>;
  /** Closes everything now. Idempotent. */
  destroy(): void;
}
