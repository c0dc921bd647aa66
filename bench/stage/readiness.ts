// When a server can be measured: it accepts connections; as a proxy, its app's answers come through.

import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { RunningProcess } from "./processes.ts";

/** The process ended before it served, with this exit code. */
export class Ended extends Error {
  readonly code: number | undefined;

  constructor(what: string, code: number | undefined, trouble: string) {
    super(`${what} ended with ${code ?? "a signal"} before it served: ${trouble.trim()}`);
    this.code = code;
  }
}

const PATIENCE_MS = 10_000;

/** Resolves with performance.now() once `probe` is true. Rejects with Ended, or when 10 s have passed. */
export async function untilServing(
  server: RunningProcess,
  what: string,
  probe: () => Promise<boolean>,
  pauseMs: number,
): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if (!server.isRunning) throw new Ended(what, await server.exited, server.trouble);
    if (await probe()) return performance.now();
    await pause(pauseMs);
  }
  throw new Error(`${what} does not serve after ${PATIENCE_MS} ms: ${server.trouble.trim()}`);
}

/** Whether the port accepts a connection now. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Whether GET / is answered 200 now. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: "127.0.0.1", port, agent: false, timeout: 1_000 });
    call.once("error", () => resolve(false));
    call.once("timeout", () => call.destroy());
    call.once("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    call.end();
  });
}
