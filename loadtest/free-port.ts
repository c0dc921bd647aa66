// Ports for processes that have to know their address before they start.

import { once } from "node:events";
import { createServer } from "node:net";
import { between } from "./random.ts";

/** Below the range from which the kernel takes the ports of outgoing connections, so that none of those gets in the way. */
const LOWEST = 10_000;
const HIGHEST = 29_999;
/** 2^n - 1. */
const PLACES = 15;

/** A port of 127.0.0.1 on which nobody listens now and which was not handed out before. */
export type PortSource = () => Promise<number>;

export function createPortSource(): PortSource {
  const handedOut = new Set<number>();
  return async () => {
    for (;;) {
      // Processes that look for ports at the same time look in different places.
      const port = (between(Math.random, LOWEST, HIGHEST) & ~PLACES) | (process.pid & PLACES);
      if (handedOut.has(port)) continue;
      const server = createServer();
      const isFree = await new Promise<boolean>((resolve) => {
        server.once("error", () => resolve(false));
        server.listen(port, "127.0.0.1", () => resolve(true));
      });
      if (!isFree) continue;
      server.close();
      await once(server, "close");
      handedOut.add(port);
      return port;
    }
  };
}
