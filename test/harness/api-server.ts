// A Kubernetes API server's part for one namespace, over plain HTTP: it hands out Pods and events and forwards ports, as the
// real one frames them, to real sluices. The cluster tests do the same with a real one.

import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { WebSocketServer } from "ws";

export interface ServedPod {
  readonly name: string;
  /** Where its sluice's control server really is. */
  readonly control: number;
  readonly events?: readonly object[];
}

export interface ApiServerStand {
  /** For KUBECONFIG. */
  readonly kubeconfig: string;
  /** Port-forwards that are open. */
  readonly forwards: number;
  close(): void;
}

const NAMESPACE = "shop";
const CONTROL = 9081;

/** A deployment `web` with those Pods. */
export async function openApiServer(folder: string, pods: readonly ServedPod[]): Promise<ApiServerStand> {
  const server = createServer((asked, answer) => {
    const url = new URL(asked.url ?? "/", "http://x");
    const path = url.pathname;
    const field = url.searchParams.get("fieldSelector") ?? "";
    if (path === `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`)
      return say(answer, {
        metadata: { name: "web", uid: "d" },
        spec: { selector: { matchLabels: { app: "web" } } },
      });
    if (path === `/api/v1/namespaces/${NAMESPACE}/pods`) {
      const named = /^metadata\.name=(.+)$/.exec(field)?.[1];
      return say(answer, {
        metadata: {},
        items: pods.filter(({ name }) => !named || name === named).map(podOf),
      });
    }
    const one = pods.find(({ name }) => path === `/api/v1/namespaces/${NAMESPACE}/pods/${name}`);
    if (one) return say(answer, podOf(one));
    if (path === `/api/v1/namespaces/${NAMESPACE}/events`) {
      const about = pods.find(({ name }) => field === `involvedObject.name=${name}`);
      return say(answer, { metadata: {}, items: about?.events ?? [] });
    }
    answer.writeHead(404, { "content-type": "application/json" });
    answer.end(
      JSON.stringify({ kind: "Status", reason: "NotFound", message: `${path} not found`, code: 404 }),
    );
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => "v4.channel.k8s.io" });
  let forwards = 0;
  sockets.on("connection", (socket, asked) => {
    const name = /\/pods\/([^/]+)\/portforward/.exec(asked.url ?? "")?.[1];
    const pod = pods.find((one) => one.name === name);
    const greeting = Buffer.of(CONTROL & 255, CONTROL >> 8);
    for (const channel of [0, 1]) socket.send(Buffer.concat([Buffer.of(channel), greeting]));
    const app = connect(pod?.control ?? 1, "127.0.0.1");
    forwards++;
    app.on("data", (bytes: Buffer) => socket.send(Buffer.concat([Buffer.of(0), bytes])));
    app.on("error", () => socket.send(Buffer.concat([Buffer.of(1), Buffer.from("connection refused")])));
    app.on("close", () => socket.close());
    socket.on("message", (message: Buffer) => app.write(message.subarray(1)));
    socket.on("close", () => {
      forwards--;
      app.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, JSON.stringify(configFor(`http://127.0.0.1:${port}`)));
  return {
    kubeconfig,
    get forwards() {
      return forwards;
    },
    close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

function podOf({ name }: ServedPod): object {
  const labels = { app: "web", "pod-template-hash": "h1" };
  const ownerReferences = [{ kind: "ReplicaSet", name: "web-h1", uid: "r", controller: true }];
  const slot = (one: string) => ({ name: `app-${one}`, env: [{ name: "SLUICE_SLOT", value: one }] });
  return {
    metadata: {
      name,
      namespace: NAMESPACE,
      labels,
      ownerReferences,
      creationTimestamp: "2026-01-31T09:30:00Z",
    },
    spec: { containers: [slot("a"), slot("b")], initContainers: [{ name: "sluice" }] },
    status: {},
  };
}

function configFor(server: string): object {
  return {
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace: NAMESPACE } }],
    clusters: [{ name: "test", cluster: { server } }],
    users: [{ name: "test", user: {} }],
  };
}

function say(answer: ServerResponse, object: object): void {
  answer.writeHead(200, { "content-type": "application/json" });
  answer.end(JSON.stringify(object));
}
