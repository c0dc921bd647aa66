import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createApiClient } from "./api-client.ts";
import { chooseContext } from "./kubeconfig.ts";
import { openPortForward } from "./port-forward.ts";

test("where the kubeconfig names a proxy, only port-forwards went past it", async () => {
  const proxy = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const asked: (string | undefined)[] = [];
  proxy.on("upgrade", (request, socket, head) => {
    asked.push(request.url);
    sockets.handleUpgrade(request, socket, head, (peer) => {
      const port = Buffer.of(0x91, 0x23);
      for (const channel of [0, 1]) peer.send(Buffer.concat([Buffer.of(channel), port]));
      peer.send(Buffer.concat([Buffer.of(0), Buffer.from("hello")]));
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const cluster = {
    server: "http://api.invalid",
    "proxy-url": `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  };
  const value = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c" } }],
    clusters: [{ name: "c", cluster }],
  };
  const config = chooseContext([{ path: "/kubeconfig", value }], undefined);
  const authorization = () => Promise.resolve(undefined);
  const client = createApiClient(config, { tls: { rejectUnauthorized: true }, authorization });
  try {
    const stream = await openPortForward(client, { namespace: "shop", pod: "web-0", port: 9081 });
    const [first] = await stream.take(1).toArray();
    expect(String(first)).toBe("hello");
    expect(asked).toEqual(["http://api.invalid/api/v1/namespaces/shop/pods/web-0/portforward?ports=9081"]);
  } finally {
    client.close();
    proxy.closeAllConnections();
    proxy.close();
  }
});
