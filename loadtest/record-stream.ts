// The app's account over the network, for an app in a Pod whose disk goes with it: each line is handed to the kernel before
// the request is handled, and a killed process cannot take it back.

import { connect, type Socket } from "node:net";
import type { Recorder } from "./record-file.ts";

const PATIENCE_MS = 30_000;
const PAUSE_MS = 100;

/** Connects to the scribe at `address` (HOST:PORT), which may start later; rejects after 30 s. `life` names this process. */
export async function connectRecorder(address: string, life: string, version: string): Promise<Recorder> {
  const socket = await reach(address);
  socket.setNoDelay(true).unref();
  // Nobody would believe an app that goes on without writing down what it does.
  socket.on("error", (error) => {
    throw error;
  });
  socket.write(`life ${life} ${version}\n`);
  return (number, method, requestId) => {
    socket.write(`${number} ${method} ${requestId}\n`);
  };
}

async function reach(address: string): Promise<Socket> {
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (!host) throw new Error(`${address}: expected HOST:PORT`);
  for (const limit = performance.now() + PATIENCE_MS; ; ) {
    try {
      return await attempt(host, Number(port));
    } catch (error) {
      if (performance.now() > limit) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function attempt(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
