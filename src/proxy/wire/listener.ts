// The listener and its client connections: who is let in, and who is closed when.

import { createServer, type Server, type Socket } from "node:net";
import { bind } from "../bind.ts";
import { ClientConnection } from "./client-connection.ts";
import type { House } from "./house.ts";

/** Connections beyond the limit that are still answered with 503; those beyond these are cut. */
const SURPLUS = 256;
/** A connection that is younger and has said nothing yet is about to, ms. */
const NEWCOMER_MS = 1_000;

export class Listener {
  readonly connections = new Set<ClientConnection>();
  readonly #house: House;
  readonly #server: Server;
  #connectionIds = 0;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(house: House) {
    this.#house = house;
    // A client may close its side after its request and wait for its answer (RFC 9112 9.6).
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
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
    const present = [...this.connections];
    // The first immediate may run before the kernel is asked for news; between the two it certainly is.
    setImmediate(() => setImmediate(() => this.#closeIdleOf(present, all)));
  }

  destroy(): void {
    for (const { socket } of this.connections) socket.destroy();
  }

  #closeNow(then: () => void): void {
    this.#server.close(() => {
      // node may say so before the last socket has.
      if (this.connections.size === 0) then();
      else this.#onEmpty = then;
    });
  }

  #accept(socket: Socket): void {
    const { limits, observer } = this.#house.parts;
    const { connections } = this;
    if (connections.size >= limits.maxConnections + SURPLUS) {
      socket.destroy();
      return;
    }
    const surplus = connections.size >= limits.maxConnections;
    const connection = new ClientConnection(this.#house, socket, ++this.#connectionIds, surplus);
    connections.add(connection);
    socket.on("close", () => {
      connections.delete(connection);
      connection.closed();
      observer.connections(connections.size);
      if (connections.size === 0) this.#onEmpty?.();
    });
    observer.connections(connections.size);
  }

  #closeIdleOf(present: readonly ClientConnection[], all: boolean): void {
    const now = this.#house.parts.now();
    const newcomers: ClientConnection[] = [];
    for (const connection of present) {
      if (!connection.isIdle) continue;
      const isNewcomer = connection.socket.bytesRead === 0 && now - connection.openedAt < NEWCOMER_MS;
      if (all || !isNewcomer) connection.closeIdle();
      else newcomers.push(connection);
    }
    if (newcomers.length > 0) setTimeout(() => this.#closeSilent(newcomers), NEWCOMER_MS).unref();
  }

  /** Those who have not asked after all; not where lame duck has ended meanwhile. */
  #closeSilent(newcomers: readonly ClientConnection[]): void {
    for (const connection of newcomers) {
      const isSilent = connection.isIdle && connection.socket.bytesRead === 0;
      if (isSilent && this.#house.windDown.isLast(connection.id)) connection.closeIdle();
    }
  }
}
