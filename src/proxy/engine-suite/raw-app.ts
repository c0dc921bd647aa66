// An app that does exactly what the test says, byte by byte.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Message, MessageReader } from "./message-reader.ts";

export interface AppRequest extends Message {
  readonly method: string;
  readonly target: string;
  readonly socket: Socket;
  /** The how-manyth request of its connection, from 1. */
  readonly nth: number;
}

export interface AppBehaviour {
  /** A head has come. */
  onHead?: (head: Pick<Message, "line" | "fields">, socket: Socket) => void;
  /** A request has come, whole. */
  onRequest?: (request: AppRequest) => void;
  onConnection?: (socket: Socket) => void;
}

export class RawApp {
  readonly server: Server;
  readonly requests: AppRequest[] = [];
  readonly sockets = new Set<Socket>();
  behaviour: AppBehaviour;
  connections = 0;
  #waiters: (() => void)[] = [];

  constructor(behaviour: AppBehaviour) {
    this.behaviour = behaviour;
    this.server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(behaviour: AppBehaviour): Promise<RawApp> {
    const app = new RawApp(behaviour);
    await new Promise<void>((resolve) => app.server.listen(0, "127.0.0.1", resolve));
    return app;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Waits for whatever the app sees next (connection, bytes, end) until `seen` holds. */
  async until(seen: () => boolean): Promise<void> {
    while (!seen()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #serve(socket: Socket): void {
    const reader = new MessageReader("request");
    let nth = 0;
    let headSeen = false;
    this.connections++;
    this.sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.sockets.delete(socket);
      this.#notify();
    });
    this.behaviour.onConnection?.(socket);
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      for (;;) {
        const head = reader.peekHead();
        if (head && !headSeen) {
          headSeen = true;
          this.behaviour.onHead?.(head, socket);
        }
        const message = reader.take();
        if (!message) break;
        headSeen = false;
        const [method = "", target = ""] = message.line.split(" ");
        const request = { ...message, method, target, socket, nth: ++nth };
        this.requests.push(request);
        this.behaviour.onRequest?.(request);
      }
      this.#notify();
    });
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** A counted answer. */
export function counted(body: string, status = "200 OK", ...fields: string[]): string {
  const lines = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${Buffer.byteLength(body, "latin1")}`];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
