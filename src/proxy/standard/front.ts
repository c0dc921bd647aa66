// The listener and its client connections, over node:http. Every head that arrives becomes a turn on its connection, and every
// refusal that node would send by itself is ours instead: counted, with a code.

import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { bind } from "../bind.ts";
import { framingOf } from "../framing.ts";
import { opensWebSocket } from "../headers/upgrade.ts";
import { ClientConnection } from "./client-connection.ts";
import { ClientTunnel } from "./client-tunnel.ts";
import { Exchange } from "./exchange.ts";
import { refuseHead } from "./head-refusal.ts";
import type { House } from "./house.ts";
import { parserCause, parserFault } from "./parser-fault.ts";
import { prefaceOn, release } from "./release.ts";

/** Between two looks at heads that are late, ms. */
const HEAD_CHECK_MS = 500;
/** Connections beyond the limit that are still answered with 503; those beyond these are cut. */
const SURPLUS = 256;
/** A connection that is younger and has said nothing yet is about to, ms. */
const NEWCOMER_MS = 1_000;

export class Front {
  readonly connections = new Map<Socket, ClientConnection>();
  readonly #house: House;
  readonly #server: Server;
  /** They speak HTTP/2 and are only counted here. */
  readonly #handedOver = new Set<Socket>();
  #connectionIds = 0;

  constructor(house: House) {
    this.#house = house;
    const { limits } = house.parts;
    this.#server = createServer({
      maxHeaderSize: limits.maxHeadBytes,
      keepAliveTimeout: limits.clientIdleMs,
      headersTimeout: limits.headTimeoutMs,
      // A long upload is no fault; a stalled one is found by the body's own time-out.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(HEAD_CHECK_MS, limits.headTimeoutMs),
      insecureHTTPParser: false,
      joinDuplicateHeaders: false,
      optimizeEmptyRequests: true,
      noDelay: true,
      // node would answer 400 itself, and nobody would count it. `checkHead` looks.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => this.#shouldUpgrade(request),
    });
    const server = this.#server as Server & { httpAllowHalfOpen: boolean };
    // A client may close its side after its request and wait for its answer (RFC 9112 9.6).
    server.httpAllowHalfOpen = true;
    // node drops lines beyond its own limit without a word; `checkHead` counts them.
    server.maxHeadersCount = 0;
    server.keepAliveTimeoutBuffer = 0;
    server.on("connection", (socket) => this.#accept(socket));
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#enter(request, response);
    server.on("request", onRequest);
    server.on("checkContinue", onRequest);
    server.on("checkExpectation", onRequest);
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // node parses CONNECT like an upgrade and would drop it without an answer.
    server.on("connect", (request, socket) => this.#connect(request, socket));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#clientError(error, socket));
  }

  /** Connections that are open, those that were handed over included. */
  get open(): number {
    return this.connections.size + this.#handedOver.size;
  }

  listen(): Promise<{ host: string; port: number }> {
    return bind(this.#server, this.#house.parts);
  }

  /** Stops accepting. Resolves when the last connection has closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      // A listener that closes resets whoever waits in the kernel to be accepted: the event loop accepts them first.
      setImmediate(() => setImmediate(() => this.#closeNow(resolve)));
    });
  }

  /**
   * Closes connections on which nothing is under way. What has already arrived is read first, so that a request that met the
   * closing half-way still gets its answer; and who has only just connected is about to ask, and is spared unless `all`.
   */
  closeIdle(all: boolean): void {
    const present = new Set(this.connections.values());
    // The first immediate may run before the kernel is asked for news; between the two it certainly is.
    setImmediate(() => setImmediate(() => this.#closeIdleOf(present, all)));
  }

  destroy(): void {
    for (const socket of [...this.connections.keys(), ...this.#handedOver]) socket.destroy();
  }

  #closeNow(then: () => void): void {
    // http.Server's own close would destroy connections whose answers are not flushed yet.
    NetServer.prototype.close.call(this.#server, () => {
      this.#server.close();
      then();
    });
  }

  #accept(socket: Socket): void {
    const { limits, observer } = this.#house.parts;
    const { connections, open } = this;
    if (open >= limits.maxConnections + SURPLUS) {
      socket.destroy();
      return;
    }
    const surplus = open >= limits.maxConnections;
    const connection = new ClientConnection(
      socket,
      ++this.#connectionIds,
      surplus,
      this.#house.parts.now(),
      (rejected, code, cause) => refuseHead(this.#house.parts, rejected, code, cause),
    );
    connections.set(socket, connection);
    socket.on("end", () => connection.halfClosed());
    socket.on("close", () => {
      connections.delete(socket);
      observer.connections(this.open);
    });
    observer.connections(this.open);
  }

  #closeIdleOf(present: ReadonlySet<ClientConnection>, all: boolean): void {
    const now = this.#house.parts.now();
    const spared: Socket[] = [];
    const newcomers: ClientConnection[] = [];
    for (const connection of this.connections.values()) {
      const { socket } = connection;
      const isNewcomer = socket.bytesRead === 0 && now - connection.openedAt < NEWCOMER_MS;
      if (isNewcomer && !all && present.has(connection)) newcomers.push(connection);
      if (connection.busy || !present.has(connection) || (isNewcomer && !all)) spared.push(socket);
      else if (socket.bytesRead === 0) socket.destroySoon();
    }
    // Only node knows whether a part of the next head came with the last request; but to node a connection is idle already
    // while the last of its answer is written.
    for (const socket of spared) socket.destroy = () => socket;
    this.#server.closeIdleConnections();
    for (const socket of spared) Reflect.deleteProperty(socket, "destroy");
    if (newcomers.length > 0) setTimeout(() => this.#closeSilent(newcomers), NEWCOMER_MS).unref();
  }

  /** Those who have not asked after all; not where lame duck has ended meanwhile. */
  #closeSilent(newcomers: readonly ClientConnection[]): void {
    for (const { id, socket } of newcomers)
      if (socket.bytesRead === 0 && this.#house.windDown.isLast(id)) socket.destroySoon();
  }

  #enter(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.connections.get(request.socket);
    if (!connection) {
      // Its socket is closed already: nobody can be answered, and nothing was accepted.
      response.destroy();
      return;
    }
    connection.enqueue(new Exchange(this.#house, { connection, request, response, tunnel: undefined }));
  }

  /** node has let go of the socket (CONNECT, upgrade): the answer gets it back. */
  #enterDetached(request: IncomingMessage, socket: Duplex, tunnel: ClientTunnel | undefined): void {
    const connection = this.connections.get(request.socket);
    if (!connection || socket !== request.socket) {
      socket.destroy();
      return;
    }
    request.socket.on("error", ignore);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(request.socket);
    response.on("finish", () => {
      response.detachSocket(request.socket);
      connection.linger();
    });
    connection.enqueue(new Exchange(this.#house, { connection, request, response, tunnel }));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const tunnel = new ClientTunnel(request.socket, head, this.#house.parts.limits.clientIdleMs);
    tunnel.on("error", ignore);
    tunnel.on("clientEnd", () => this.connections.get(request.socket)?.halfClosed());
    this.#enterDetached(request, socket, tunnel);
  }

  #connect(request: IncomingMessage, socket: Duplex): void {
    const connection = this.connections.get(request.socket);
    if (!connection?.busy && !connection?.closing && request.complete) {
      this.#enterDetached(request, socket, undefined);
      return;
    }
    // Answers are due before it, and node has let go of the socket; or a body stands between.
    request.socket.on("error", ignore);
    request.socket.on("drain", () => connection?.drained());
    connection?.broken("METHOD_REFUSED", "CONNECT");
  }

  /** Any other upgrade goes on as a plain request, which every server may do (RFC 9110 7.8). */
  #shouldUpgrade(request: IncomingMessage): boolean {
    const { method = "", httpVersion, rawHeaders } = request;
    // After an upgrade nothing is parsed: answers that are due, or a body, would be lost in it.
    const connection = this.connections.get(request.socket);
    if (!connection || connection.busy || connection.closing) return false;
    return (
      opensWebSocket(method, httpVersion, rawHeaders) && framingOf(rawHeaders, httpVersion).kind === "none"
    );
  }

  #clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = this.connections.get(socket as Socket);
    if (!connection || socket.destroyed) return;
    const preface = this.#house.parts.onPreface && prefaceOn(connection.socket, error);
    if (preface) {
      // Not within the parser's call.
      queueMicrotask(() => this.#handOver(connection, preface));
      return;
    }
    const fault = parserFault(error);
    // A connection that never said anything has asked nothing.
    if (fault === undefined || connection.socket.bytesRead === 0) socket.destroy();
    else connection.broken(fault, parserCause(error, connection.socket.bytesRead));
  }

  #handOver({ socket }: ClientConnection, bytes: Buffer): void {
    const { onPreface, observer } = this.#house.parts;
    if (socket.destroyed) return;
    this.#handedOver.add(socket);
    release(socket);
    socket.on("close", () => {
      this.#handedOver.delete(socket);
      observer.connections(this.open);
    });
    onPreface?.(socket, bytes);
  }
}

function ignore(): void {}
