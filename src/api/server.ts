// A server of ours: its listeners, and behind them one dispatch for all. The dispatch, and with it fastify, is made when the
// first request comes: the request port does not wait for it at a start.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ControlAddress } from "../config/config.ts";
import type { Dispatch } from "./dispatch.ts";
import type { LineStream } from "./line-stream.ts";
import { createListeners } from "./listeners.ts";
import { asError, type OnError } from "./refusal.ts";
import type { Call, Route } from "./routes.ts";

export interface ApiServerParts {
  readonly addresses: readonly ControlAddress[];
  /** The option that sets the addresses ("--ops"). */
  readonly option: string;
  readonly routes: readonly Route[];
  /** Throws to refuse a call before its handler sees it. */
  readonly admit?: (call: Call) => void;
  /** Of every answer, lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A defect, or a failure that its caller may not look at. */
  readonly onError: OnError;
  /** Most connections; at the limit an idle one makes room. */
  readonly maxConnections?: number;
}

export interface ApiServer {
  /** Resolves with the addresses, ports filled in. Rejects with PORT_TAKEN that names address and option. */
  listen(): Promise<readonly ControlAddress[]>;
  /** Stops listening, ends open streams, finishes answers in flight for 2 s at most. Idempotent, joinable. */
  close(): Promise<void>;
  /** Closes every connection now. Idempotent. */
  destroy(): void;
}

const CLOSE_WITHIN_MS = 2_000;

export function createApiServer({
  routes,
  admit,
  onError,
  headers = {},
  ...listening
}: ApiServerParts): ApiServer {
  const streams = new Map<unknown, LineStream>();
  let dispatch: Promise<Dispatch> | undefined;
  let closing: Promise<void> | undefined;

  async function createLate(): Promise<Dispatch> {
    const { createDispatch } = await import("./dispatch.ts");
    const isClosing = () => closing !== undefined;
    return createDispatch({ routes, admit, headers, onError, streams, isClosing });
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    try {
      dispatch ??= createLate();
      const { take } = await dispatch;
      // A lifeline's connection carries nothing but its handshake: an answer to anything else would never come.
      if (streams.has(socket)) socket.destroy();
      else take(request, response);
    } catch (error) {
      onError(asError(error), `the first request to ${listening.option}`);
      socket.destroy();
    }
  }

  const listeners = createListeners({
    ...listening,
    onRequest: (request, response) => void onRequest(request, response),
    onTrouble: onError,
  });

  async function closeAll(): Promise<void> {
    const deadline = setTimeout(() => listeners.destroy(), CLOSE_WITHIN_MS);
    for (const stream of streams.values()) stream.end();
    await listeners.close();
    clearTimeout(deadline);
    const made = await dispatch?.catch(() => undefined);
    await made?.close();
  }

  return {
    listen: () => listeners.listen(),
    close() {
      closing ??= closeAll();
      return closing;
    },
    destroy: () => listeners.destroy(),
  };
}
