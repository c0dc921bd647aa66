// Callers of the two servers: an ordinary one, and one that writes bytes.

import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import type { ControlAddress } from "../config/config.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

export interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

function target(address: ControlAddress) {
  return "path" in address
    ? { socketPath: address.path }
    : { host: address.host || "127.0.0.1", port: address.port };
}

export function call(
  address: ControlAddress,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Reply> {
  const { headers = {}, body, signal } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { ...target(address), method, path, headers, agent: false, ...(signal ? { signal } : {}) },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const isJson = response.headers["content-type"]?.startsWith("application/json") && text !== "";
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson ? JSON.parse(text) : {},
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** A connection on which everything that comes is kept as text. */
export async function openRaw(address: ControlAddress) {
  const socket: Socket = connect(
    "path" in address ? { path: address.path } : { ...address, host: "127.0.0.1" },
  );
  let text = "";
  let wake = () => {};
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      resolve();
      wake();
    });
  });
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk.toString();
    wake();
  });
  await once(socket, "connect");
  return {
    socket,
    closed,
    get text() {
      return text;
    },
    /** Resolves once `part` has come; rejects if the connection ends first. */
    async until(part: string): Promise<void> {
      while (!text.includes(part)) {
        if (socket.destroyed)
          throw new Error(`the connection ended before "${part}" came; it brought: ${text}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export function handshakeRequest(slot: string, body: unknown): string {
  const text = JSON.stringify(body);
  return `POST /v1/slots/${slot}/handshake HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

export const HANDSHAKE = { version: "v1", instance: "0123456789abcdef", signals: ["SIGTERM"] };
