// An upgrade to WebSocket, sent to the app by http-proxy-3, which enters sluice here and nowhere else. It gets a duplex of
// ours in place of the client's socket and an open connection in place of a dial.

import { Agent, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createProxyServer } from "http-proxy-3";
import type { Destination } from "../admission.ts";
import { connectApp } from "../app-connect.ts";
import type { AppCall, AppSink, Order } from "./app-call.ts";
import type { ClientTunnel } from "./client-tunnel.ts";
import { NodeAnswer, nodeErrorCode } from "./node-answer.ts";
import type { NodeCallParts } from "./node-call.ts";

export interface TunnelSink extends AppSink {
  /** The app has agreed to the upgrade. */
  onUpgrade(reason: string, rawHeaders: string[]): void;
  /** The tunnel is over. */
  onTunnelEnd(how: "orderly" | "by-app" | "by-client"): void;
}

export class TunnelCall implements AppCall {
  readonly #order: Order;
  readonly #tunnel: ClientTunnel;
  readonly #sink: TunnelSink;
  readonly #answer: NodeAnswer;
  #giveUp: (() => void) | undefined;
  #socket: Socket | undefined = undefined;
  #over = false;

  constructor(
    destination: Destination,
    order: Order,
    tunnel: ClientTunnel,
    parts: NodeCallParts,
    sink: TunnelSink,
  ) {
    this.#order = order;
    this.#tunnel = tunnel;
    this.#sink = sink;
    this.#answer = new NodeAnswer(sink, parts.limits.responseTimeoutMs, () => this.#socket);
    this.#giveUp = connectApp(destination, parts.connecting, (socket, failure) => {
      this.#giveUp = undefined;
      if (failure) sink.onFailure(failure);
      else if (socket) {
        parts.accepted(destination.generation);
        this.#run(destination, socket);
      }
    });
  }

  get written(): boolean {
    return this.#socket !== undefined && this.#socket.bytesWritten > 0;
  }

  resume(): void {
    this.#answer.resume();
  }

  abort(): void {
    this.#over = true;
    this.#answer.stop();
    this.#giveUp?.();
    this.#socket?.destroy();
  }

  #run(destination: Destination, socket: Socket): void {
    this.#socket = socket;
    const proxy = createProxyServer({});
    proxy.on("error", ignore);
    proxy.once("proxyReqWs", (outgoing) => this.#follow(outgoing, socket));
    proxy.ws(
      requestOf(this.#order) as IncomingMessage,
      this.#tunnel as unknown as Socket,
      Buffer.alloc(0),
      {
        target: { protocol: "http:", host: destination.host, port: destination.port },
        agent: new OpenSocketAgent(socket),
      },
      (error) => this.#answer.fail(nodeErrorCode(error), error.message),
    );
    this.#answer.expect();
  }

  #follow(outgoing: ClientRequest, socket: Socket): void {
    const answer = this.#answer;
    // http-proxy-3 would put the target through a URL parser, which normalises it.
    outgoing.path = this.#order.target;
    outgoing.on("information", (info) => answer.interim(info.statusCode, info.rawHeaders));
    // Ours come before those of http-proxy-3: what the client is told is our business, the piping is its.
    outgoing.prependListener("response", (incoming) => {
      this.#tunnel.release();
      answer.take(incoming);
    });
    outgoing.prependListener("upgrade", (incoming) => {
      answer.stop();
      this.#watch(socket);
      this.#sink.onUpgrade(incoming.statusMessage ?? "", incoming.rawHeaders);
    });
    outgoing.on("close", () => answer.fail("APP_CLOSED", "closed before its answer"));
  }

  #watch(socket: Socket): void {
    const tunnel = this.#tunnel;
    let first: "app" | "client" | undefined;
    socket.once("end", () => {
      first ??= "app";
      tunnel.sayLastWords();
    });
    socket.once("error", () => {
      first ??= "app";
    });
    tunnel.socket.once("end", () => {
      first ??= "client";
    });
    tunnel.socket.once("error", () => {
      first ??= "client";
    });
    const settle = () => {
      if (this.#over || !socket.destroyed || !tunnel.socket.destroyed) return;
      this.#over = true;
      // A connection that ends without a close frame has broken (RFC 6455 7.1.5).
      const orderly = tunnel.closeSeen || (first === "client" && tunnel.clientEnded);
      if (tunnel.isCutShort) this.#sink.onTunnelEnd("by-client");
      else this.#sink.onTunnelEnd(orderly ? "orderly" : first === "app" ? "by-app" : "by-client");
    };
    socket.once("close", () => {
      first ??= "app";
      tunnel.sayLastWords();
      settle();
    });
    tunnel.socket.once("close", () => {
      first ??= "client";
      socket.destroySoon();
      // An app that takes no notice of the end must not keep the ticket.
      const timer = setTimeout(() => socket.destroy(), 1000);
      socket.once("close", () => clearTimeout(timer));
      settle();
    });
  }
}

/** Hands out the one connection that is open already. */
class OpenSocketAgent extends Agent {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }

  override createConnection(): Duplex {
    return this.#socket;
  }
}

/** What http-proxy-3 reads of a request. */
function requestOf(order: Order): Pick<IncomingMessage, "method" | "url" | "headers" | "httpVersion"> & {
  httpVersionMajor: number;
} {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i + 1 < order.fields.length; i += 2) {
    const said = order.fields[i]!;
    // http-proxy-3 looks for these two in lower case, and overrules or refuses any other spelling.
    const name = /^(?:connection|upgrade)$/i.test(said) ? said.toLowerCase() : said;
    const value = order.fields[i + 1]!;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return { method: order.method, url: order.target, headers, httpVersion: "1.1", httpVersionMajor: 1 };
}

function ignore(): void {}
