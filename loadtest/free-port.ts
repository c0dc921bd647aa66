// Ports for processes that have to know their address before they start.

import { createServer, type ListenOptions, type Server } from "node:net";
import { between } from "./random.ts";

/** Below the range from which the kernel takes the ports of outgoing connections, so that none of those gets in the way. */
const LOWEST = 10_000;
const HIGHEST = 29_999;

/** A port of 127.0.0.1 on which nobody listens now and which nobody else is handed while this process lives. */
export type PortSource = () => Promise<number>;

export function createPortSource(): PortSource {
  return async () => {
    for (;;) {
      const port = between(Math.random, LOWEST, HIGHEST);
      // Between now and the start of the process whose port it will be, only this mark in the kernel says that it is taken: to others
      // on this machine, and to whoever else asks in this process. It is an abstract socket, and goes with the process.
      const mark = await listening({ path: `\0sluice-port-${port}` });
      if (mark === undefined) continue;
      const server = await listening({ port, host: "127.0.0.1" });
      if (server === undefined) {
        mark.close();
        continue;
      }
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  };
}

/** Undefined if somebody listens there. It keeps no process alive. */
function listening(where: ListenOptions): Promise<Server | undefined> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(where, () => resolve(server));
  });
}
