// A listener on loopback for each Pod, every connection of which becomes a port-forward to the Pod's control server.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { ApiClient } from "../cluster/api-client.ts";
import type { Pod } from "../cluster/objects.ts";
import { openPortForward, type PodPort } from "../cluster/port-forward.ts";
import { findSidecar } from "../cluster/sidecar-place.ts";
import { podsOf } from "../cluster/workload.ts";
import { SluiceError } from "../errors.ts";
import type { Found } from "./cluster-access.ts";

export interface Doors {
  readonly open: readonly { readonly pod: string; readonly url: string }[];
  /** Ends every connection. */
  close(): void;
}

/** `port`: of the first Pod, the others follow; 0: any. `warn` hears of Pods without a sluice, and of lost connections. */
export async function openDoors(
  { client, workload }: Found,
  port: number,
  warn: (words: string) => void,
): Promise<Doors> {
  const { items } = await client.list<Pod>(podsOf(workload.namespace), workload.selection);
  const pods = items
    .filter(workload.isOwn)
    .sort((one, other) => one.metadata.name.localeCompare(other.metadata.name));
  const servers: Server[] = [];
  const connections = new Set<Socket>();
  const open: { pod: string; url: string }[] = [];
  for (const pod of pods) {
    const name = `pod/${pod.metadata.name}`;
    const place = findSidecar(pod.spec);
    if ("problem" in place) {
      warn(`${name}: ${place.problem}`);
      continue;
    }
    const to = { namespace: workload.namespace, pod: pod.metadata.name, port: place.controlPort };
    const server = createServer((socket) => {
      connections.add(socket);
      socket.once("close", () => connections.delete(socket));
      void join(client, to, socket).catch((error: unknown) => {
        warn(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        socket.destroy();
      });
    });
    servers.push(server);
    open.push({
      pod: name,
      url: `http://127.0.0.1:${await listen(server, port === 0 ? 0 : port + open.length)}/#${name}`,
    });
  }
  return {
    open,
    close() {
      for (const server of servers) server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

/** The browser's connection and the one to the Pod end together. */
async function join(client: ApiClient, to: PodPort, socket: Socket): Promise<void> {
  socket.on("error", () => {});
  const stream = await openPortForward(client, to);
  // Either may have ended while the other was opened; its events are over then.
  if (stream.destroyed) throw stream.errored ?? new Error("the connection to the Pod was closed");
  stream.on("error", (error) => socket.destroy(error));
  stream.on("close", () => socket.destroy());
  socket.on("close", () => stream.destroy());
  if (socket.destroyed) stream.destroy();
  else socket.pipe(stream).pipe(socket);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    throw new SluiceError(
      "USAGE",
      `--port ${port} cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}
