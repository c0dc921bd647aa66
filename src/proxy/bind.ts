// Binds the port of the requests, for either engine.

import type { AddressInfo, Server } from "node:net";
import { listenFailure } from "../listen-failure.ts";
import type { EngineParts } from "./engine.ts";

/** Connections that may wait in the kernel to be accepted. */
const BACKLOG = 4096;

/** Resolves with where it listens; rejects with PORT_TAKEN. Later trouble goes to the observer. */
export function bind(
  server: Server,
  { listen: { host, port }, observer }: Pick<EngineParts, "listen" | "observer">,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => reject(listenFailure("--listen", { host, port }, cause));
    server.once("error", onError);
    server.listen({ port, backlog: BACKLOG, ...(host === "" ? {} : { host }) }, () => {
      server.off("error", onError);
      server.on("error", (error) => observer.trouble(error, "listener"));
      const address = server.address() as AddressInfo;
      resolve({ host: address.address, port: address.port });
    });
  });
}
