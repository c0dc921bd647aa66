// A byte stream to a port of a Pod, through the API server: it reaches what listens on the Pod's loopback only.
// Kubernetes frames it in WebSocket messages: the first byte is the channel (0 data, 1 error), and the first message of
// each channel carries the port. The vendor `ws` enters here.

import { Duplex } from "node:stream";
import { WebSocket } from "ws";
import type { ApiClient } from "./api-client.ts";
import { ClusterUnreachable, refuse } from "./failure.ts";

const PROTOCOL = "v4.channel.k8s.io";
const DATA = 0;
/** The handshake goes over the API server to the kubelet and the container runtime, ms. */
const HANDSHAKE_WITHIN_MS = 10_000;

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** Rejects with ClusterUnreachable, NotAllowed or ApiRefusal. A port where nobody listens shows as an error of the stream. */
export async function openPortForward(client: ApiClient, { namespace, pod, port }: PodPort): Promise<Duplex> {
  const { server } = client.config;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward`;
  const url = new URL(`${server.pathname.replace(/\/$/, "")}${path}?ports=${port}`, server);
  url.protocol = server.protocol === "https:" ? "wss:" : "ws:";
  const authorization = await client.credentials.authorization();
  const socket = new WebSocket(url, PROTOCOL, {
    ...client.credentials.tls,
    agent: client.agent,
    handshakeTimeout: HANDSHAKE_WITHIN_MS,
    perMessageDeflate: false,
    headers: authorization === undefined ? {} : { authorization },
  });
  // The first messages can come together with the answer of the handshake: somebody has to listen before.
  const stream = streamOver(socket, port);
  // A port where nobody listens can be told before anybody has the stream; an error that nobody hears would end the process.
  stream.on("error", () => {});
  await opened(socket, { verb: "get and create", resource: "pods/portforward", namespace });
  socket.on("error", (error) => stream.destroy(error));
  return stream;
}

function opened(socket: WebSocket, asked: Parameters<typeof refuse>[2]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("open", resolve);
  socket.on("error", (cause) =>
    reject(new ClusterUnreachable(`no port-forward: ${cause.message}`, { cause })),
  );
  socket.on("unexpected-response", (request, answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      text += chunk;
    });
    answer.on("end", () => {
      request.destroy();
      try {
        refuse(answer.statusCode ?? 0, text, asked);
      } catch (error) {
        reject(error);
      }
    });
  });
  return promise;
}

function streamOver(socket: WebSocket, port: number): Duplex {
  const greeted = new Set<number>();
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.send(Buffer.concat([Buffer.of(DATA), chunk]), { binary: true }, done);
    },
    final(done) {
      // There is no half-close in this protocol: what the other side still has to say comes first.
      done();
    },
    destroy(error, done) {
      socket.terminate();
      done(error);
    },
  });
  socket.on("message", (message: Buffer) => {
    const channel = message[0] ?? DATA;
    if (!greeted.has(channel)) {
      greeted.add(channel);
      return;
    }
    if (channel !== DATA) {
      const words = message.subarray(1).toString("utf8").trim();
      stream.destroy(new Error(`port ${port} of the Pod: ${words}`));
    } else if (!stream.push(message.subarray(1))) socket.pause();
  });
  socket.on("close", () => stream.push(null));
  return stream;
}
