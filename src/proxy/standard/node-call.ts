// A request that undici cannot carry, over node's own HTTP client and a connection of its own: undici refuses Expect, sends
// no request trailers, and takes no "*" as a target.

import { type ClientRequest, request } from "node:http";
import type { Socket } from "node:net";
import type { Destination } from "../admission.ts";
import { type ConnectOptions, connectApp } from "../app-connect.ts";
import { valuesOf } from "../headers/fields.ts";
import { hostField } from "../headers/host.ts";
import { trailerFields } from "../headers/trailers.ts";
import type { Limits } from "../limits.ts";
import type { AppCall, AppSink, Order } from "./app-call.ts";
import { NodeAnswer, nodeErrorCode } from "./node-answer.ts";

export interface NodeCallParts {
  readonly limits: Limits;
  readonly connecting: ConnectOptions;
  readonly accepted: (generation: number) => void;
}

export class NodeCall implements AppCall {
  readonly #order: Order;
  readonly #limits: Limits;
  readonly #answer: NodeAnswer;
  #giveUp: (() => void) | undefined;
  #socket: Socket | undefined = undefined;

  constructor(destination: Destination, order: Order, parts: NodeCallParts, sink: AppSink) {
    this.#order = order;
    this.#limits = parts.limits;
    this.#answer = new NodeAnswer(sink, parts.limits.responseTimeoutMs, () => this.#socket);
    this.#giveUp = connectApp(destination, parts.connecting, (socket, failure) => {
      this.#giveUp = undefined;
      if (failure) sink.onFailure(failure);
      else if (socket) {
        parts.accepted(destination.generation);
        this.#run(socket, destination);
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
    this.#answer.stop();
    this.#giveUp?.();
    this.#socket?.destroy();
  }

  #run(socket: Socket, destination: Destination): void {
    const { method, target: path, fields, body, contentLength } = this.#order;
    const answer = this.#answer;
    this.#socket = socket;
    // node lets go of a socket in more than one case, and an error that nobody hears ends the process.
    socket.on("error", ignore);
    writeTextAsLatin1(socket);
    // To fields that are a list, node adds no Host.
    const host = valuesOf(fields, "host").length > 0 ? [] : hostField(destination);
    const headers = [...host, ...fields, "Connection", "close"];
    // The framing is said outright: of itself node gives a body of DELETE, OPTIONS or GET none.
    if (contentLength !== undefined) headers.push("Content-Length", contentLength);
    else if (body) headers.push("Transfer-Encoding", "chunked");
    const { maxHeadBytes: maxHeaderSize } = this.#limits;
    const outgoing = request({ method, path, headers, maxHeaderSize, createConnection: () => socket });
    outgoing.on("information", (info) => answer.interim(info.statusCode, info.rawHeaders));
    outgoing.on("response", (incoming) => {
      answer.take(incoming);
      incoming.on("close", () => socket.destroy());
    });
    outgoing.on("upgrade", () => {
      answer.fail("APP_MALFORMED", "101 without being asked");
      socket.destroy();
    });
    outgoing.on("error", (error) => answer.fail(nodeErrorCode(error), error.message));
    outgoing.on("close", () => answer.fail("APP_CLOSED", "closed before its answer"));
    if (body) this.#pipe(outgoing);
    else outgoing.end();
    answer.expect();
  }

  #pipe(outgoing: ClientRequest): void {
    const { body, trailers } = this.#order;
    const reader = body?.open();
    // The head goes first: with Expect the body comes only after the app has said 100.
    outgoing.flushHeaders();
    let isBegun = false;
    this.#answer.isAppsTurn = () => !isBegun || outgoing.writableNeedDrain || outgoing.writableEnded;
    reader?.once("data", () => {
      isBegun = true;
    });
    reader?.on("end", () => {
      const said = trailers?.() ?? [];
      // More than a head may hold are dropped, as RFC 9110 6.5.1 allows.
      const fields = said.length / 2 > this.#limits.maxFields ? [] : trailerFields(said);
      const lines: [string, string][] = [];
      for (let i = 0; i + 1 < fields.length; i += 2) lines.push([fields[i]!, fields[i + 1]!]);
      if (lines.length > 0) outgoing.addTrailers(lines);
      outgoing.end();
      this.#answer.progress();
    });
    reader?.pipe(outgoing, { end: false });
  }
}

function ignore(): void {}

/** node writes a head that goes out before its body as UTF-8, and with it bytes of a value that never came. */
function writeTextAsLatin1(socket: Socket): void {
  const write = socket.write.bind(socket);
  socket.write = (
    data: Uint8Array | string,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean => {
    const then = typeof encoding === "function" ? encoding : done;
    return typeof data === "string" ? write(data, "latin1", then) : write(data, then);
  };
}
