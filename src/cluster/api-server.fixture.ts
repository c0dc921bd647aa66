// A client of an API server whose answers a test gives, over a real connection.

import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { chooseContext } from "./kubeconfig.ts";

export async function serveApi(
  answers: RequestListener,
): Promise<{ readonly client: ApiClient; close(): Promise<void> }> {
  const server = createServer(answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const value = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c" } }],
    clusters: [{ name: "c", cluster: { server: url } }],
  };
  const config = chooseContext([{ path: "/kubeconfig", value }], undefined);
  const authorization = () => Promise.resolve(undefined);
  const client = createApiClient(config, { tls: { rejectUnauthorized: true }, authorization });
  return {
    client,
    async close() {
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function say(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** As an API server says no. */
export function refuseWith(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string = reason,
): void {
  say(response, code, { kind: "Status", reason, message, code });
}
