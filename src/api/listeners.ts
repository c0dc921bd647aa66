// The HTTP listeners of one server: one or several addresses, TCP or Unix, the same answers on each.

import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { formatControlAddress } from "../config/address.ts";
import type { ControlAddress } from "../config/config.ts";
import { type ErrorCode, SluiceError, statusOf } from "../errors.ts";
import { listenFailure } from "../listen-failure.ts";
import { clearStaleSocket, openToAll } from "./unix-socket.ts";

export interface ListenersParts {
  readonly addresses: readonly ControlAddress[];
  /** The option that sets the addresses ("--ops"), for the message of a failure. */
  readonly option: string;
  readonly onRequest: RequestListener;
  /** A listener in trouble: it goes on, but could not accept a connection, e.g. for lack of file descriptors. */
  readonly onTrouble: (error: Error, what: string) => void;
  /** Most connections. At the limit the longest idle one makes room, so that idlers cannot keep the kubelet out. */
  readonly maxConnections?: number;
  /** For a request's head, and for the whole request, ms; not for the answer. */
  readonly requestWithinMs?: number;
}

export interface Listeners {
  /** Binds all addresses, or none; resolves with them, ports filled in. Rejects with PORT_TAKEN. */
  listen(): Promise<readonly ControlAddress[]>;
  /** Stops listening, closes connections without a request in flight, resolves when the others are done. Joinable. */
  close(): Promise<void>;
  /** Closes every connection now; `close` resolves soon after. */
  destroy(): void;
}

/** Node checks all connections of a listener with one timer. */
const REQUEST_WITHIN_MS = 10_000;
/** Longer than the kubelet's and Prometheus's own, so that a kept-alive connection is not closed under a request. */
const KEEP_ALIVE_MS = 120_000;

export function createListeners({
  addresses,
  option,
  onRequest,
  onTrouble,
  maxConnections = Number.POSITIVE_INFINITY,
  requestWithinMs = REQUEST_WITHIN_MS,
}: ListenersParts): Listeners {
  const servers = addresses.map((address) => ({ address, server: createOne() }));
  /** Every open connection with its answers in flight. */
  const connections = new Map<Duplex, Set<ServerResponse>>();
  let closed: Promise<void> | undefined;

  function createOne(): Server {
    const server = createServer({
      headersTimeout: requestWithinMs,
      requestTimeout: requestWithinMs,
      connectionsCheckingInterval: requestWithinMs / 2,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    server.on("connection", (socket) => {
      connections.set(socket, new Set());
      socket.once("close", () => connections.delete(socket));
      if (connections.size > maxConnections) makeRoom();
    });
    server.on("request", (request, response) => {
      const { socket } = request;
      const inFlight = connections.get(socket);
      inFlight?.add(response);
      response.once("close", () => {
        inFlight?.delete(response);
        if (closed && inFlight?.size === 0) socket.destroySoon();
      });
      onRequest(request, response);
    });
    server.on("clientError", (error, socket) => {
      const inFlight = [...(connections.get(socket) ?? [])];
      if (inFlight.some((response) => response.headersSent)) socket.destroy();
      else answerMalformed(error, socket);
    });
    return server;
  }

  /** The newest connection itself, if all others are waiting for their answers. */
  function makeRoom(): void {
    for (const [socket, inFlight] of connections) {
      if (inFlight.size > 0) continue;
      connections.delete(socket);
      socket.destroy();
      return;
    }
  }

  async function bindAll(): Promise<readonly ControlAddress[]> {
    const bound: ControlAddress[] = [];
    for (const { address, server } of servers) {
      try {
        bound.push(await bind(server, address));
        // Without a listener, an "error" of accept would end the process.
        server.on("error", (error) => onTrouble(error, `${option} ${formatControlAddress(address)}`));
      } catch (error) {
        await Promise.all(servers.map((other) => stop(other.server)));
        throw listenFailure(option, address, error);
      }
    }
    return bound;
  }

  return {
    listen: bindAll,
    close() {
      closed ??= Promise.all(servers.map(({ server }) => stop(server))).then(() => {});
      for (const [socket, inFlight] of connections) if (inFlight.size === 0) socket.destroy();
      return closed;
    },
    destroy() {
      for (const socket of [...connections.keys()]) socket.destroy();
    },
  };
}

async function bind(server: Server, address: ControlAddress): Promise<ControlAddress> {
  if ("path" in address) {
    const obstacle = await clearStaleSocket(address.path);
    if (obstacle !== undefined) throw new Error(obstacle);
    await listenOn(server, { path: address.path });
    openToAll(address.path);
    return address;
  }
  // Without a host, Node listens on all addresses of both families, or of the one that there is.
  const isAll = address.host === "" || address.host === "::";
  await listenOn(server, isAll ? { port: address.port } : { host: address.host, port: address.port });
  const bound = server.address();
  return { host: address.host, port: typeof bound === "object" && bound ? bound.port : address.port };
}

function listenOn(
  server: Server,
  options: { path: string } | { host?: string; port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** A Unix socket's file goes with its listener. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });
}

/** What is no request gets an answer, too, if there is anybody to read it. */
function answerMalformed(error: Error, socket: Duplex): void {
  const reason = "code" in error ? error.code : undefined;
  if (reason === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  let code: ErrorCode = "MALFORMED_REQUEST";
  if (reason === "HPE_HEADER_OVERFLOW") code = "HEAD_TOO_LARGE";
  else if (reason === "ERR_HTTP_REQUEST_TIMEOUT") code = "HEAD_TIMEOUT";
  const body = JSON.stringify({ error: code, message: new SluiceError(code).message });
  const head = `HTTP/1.1 ${statusOf(code)} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`, () => socket.destroy());
}
