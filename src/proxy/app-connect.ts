// Opening a connection to the app. The connect is ours, not the client library's, so that a refused connection is known
// for what it is: proof that nothing was sent, and a fact about the app.

import { connect, type Socket } from "node:net";
import type { Destination } from "./admission.ts";
import type { AppFailure } from "./app-failure.ts";

/**
 * Calls `done` once, later, with the open socket or with why there is none. Returns a function that gives up; `done` is not
 * called after it.
 */
export function connectApp(
  destination: Destination,
  timeoutMs: number,
  done: (socket: Socket | undefined, failure: AppFailure | undefined) => void,
): () => void {
  const socket = connect({ host: destination.host, port: destination.port, noDelay: true });
  const timer = setTimeout(
    () => settle(failed("APP_CONNECT_TIMEOUT", false, "connect timed out")),
    timeoutMs,
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
