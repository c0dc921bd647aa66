// When nobody listens any more. Whoever is accepted until then asks nothing and leaves.

import { connect } from "node:net";

/** Resolves as soon as 127.0.0.1:port refuses a connection. */
export function untilRefused(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const again = () => untilRefused(port).then(resolve);
    socket.once("connect", () => {
      socket.destroy();
      again();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve();
      else again();
    });
  });
}
