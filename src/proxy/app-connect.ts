// Opening a connection to the app. The connect is ours, not the client library's, so that a refused connection is known
// for what it is: proof that nothing was sent, and a fact about the app.

import { connect, type Socket } from "node:net";
import type { Destination } from "./admission.ts";
import type { AppFailure } from "./app-failure.ts";

export interface ConnectOptions {
  readonly connectTimeoutMs: number;
  /**
   * All connections are read into it, one after the other, and what came is copied out at its own size. Otherwise node takes
   * 64 KiB from the heap for each read and gives most of it back, which costs more than the copy and leaves the heap full of holes.
   * Undefined: who takes the socket reads it in a way of its own.
   */
  readonly readBuffer: Uint8Array | undefined;
}

/**
 * Calls `done` once, later, with the open socket or with why there is none. Returns a function that gives up; `done` is not
 * called after it.
 */
export function connectApp(
  destination: Destination,
  { connectTimeoutMs, readBuffer }: ConnectOptions,
  done: (socket: Socket | undefined, failure: AppFailure | undefined) => void,
): () => void {
  const socket: Socket = connect({
    host: destination.host,
    port: destination.port,
    noDelay: true,
    ...(readBuffer && {
      onread: {
        buffer: readBuffer,
        callback: (length: number, bytes: Uint8Array): boolean =>
          socket.push(Buffer.from(bytes.subarray(0, length))),
      },
    }),
  });
  const timer = setTimeout(
    () => settle(failed("APP_CONNECT_TIMEOUT", false, "connect timed out")),
    connectTimeoutMs,
  );
  let settled = false;

  function settle(failure: AppFailure | undefined): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.off("connect", onConnect);
    if (failure) {
      socket.destroy();
      done(undefined, failure);
      return;
    }
    socket.off("error", onError);
    done(socket, undefined);
  }
  function onConnect(): void {
    settle(undefined);
  }
  function onError(error: NodeJS.ErrnoException): void {
    settle(
      failed("APP_UNREACHABLE", error.code === "ECONNREFUSED", `connect: ${error.code ?? error.message}`),
    );
  }

  socket.on("connect", onConnect);
  socket.on("error", onError);
  return () => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.destroy();
  };
}

function failed(code: AppFailure["code"], refused: boolean, cause: string): AppFailure {
  return { code, refused, sentNothing: true, answerSeen: false, stale: false, cause };
}
