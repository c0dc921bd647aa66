// An app under the test's thumb: a real server on the slot's port and a real lifeline, whose every move the test makes.

import { once } from "node:events";
import { type ClientRequest, createServer, type RequestListener, request } from "node:http";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Sidecar } from "./sidecar.ts";

export interface AppPlan {
  readonly version?: string;
  readonly instance?: string;
  readonly signals?: readonly string[];
  /** Default: /wait is answered when the test says so, everything else at once. */
  readonly handler?: RequestListener;
}

export interface App {
  readonly version: string;
  readonly instance: string;
  /** What sluice said over the lifeline so far. */
  readonly lines: readonly string[];
  /** Resolves when sluice says it. */
  told(line: string): Promise<void>;
  /** Resolves when as many requests for /wait have come as have not been released. */
  waiting(count: number): Promise<void>;
  /** Answers all that wait. */
  release(): void;
  /** "METHOD /target" of each request, in order. */
  readonly requests: readonly string[];
  /** Says that it got SIGTERM. */
  stopping(): Promise<void>;
  /** Closes the lifeline and nothing else. */
  loseLifeline(): void;
  /** Opens a lifeline again, as the same instance. */
  reopen(): Promise<void>;
  /** Accepts no more connections; those that stand go on. */
  closeDoor(): Promise<void>;
  /** As if the process had been killed. */
  die(): void;
}

/** Starts an app in the slot; resolves once its handshake was accepted. */
export async function startApp(sidecar: Sidecar, slot: string, plan: AppPlan = {}): Promise<App> {
  const { version = "v1", instance = `instance-${crypto.randomUUID()}`, signals = ["SIGTERM"] } = plan;
  const sockets = new Set<Socket>();
  const parked: (() => void)[] = [];
  const requests: string[] = [];
  const lines: string[] = [];
  const hearers = new Set<() => void>();
  let lifeline: ClientRequest | undefined;

  const hear = () => {
    for (const look of [...hearers]) look();
  };

  function until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isTrue()) return;
        hearers.delete(look);
        resolve();
      };
      hearers.add(look);
      look();
    });
  }

  const byHeart: RequestListener = (incoming, response) => {
    const answer = () => response.end(`${version} ${incoming.method} ${incoming.url}`);
    incoming.resume();
    if (incoming.url?.startsWith("/wait")) parked.push(answer);
    else answer();
  };

  const server = createServer((incoming, response) => {
    if (incoming.url !== "/healthz") requests.push(`${incoming.method} ${incoming.url}`);
    (plan.handler ?? byHeart)(incoming, response);
    hear();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(sidecar.ports.slots[slot], "127.0.0.1");
  await once(server, "listening");

  async function shakeHands(): Promise<void> {
    const call = request({
      port: sidecar.ports.control,
      host: "127.0.0.1",
      method: "POST",
      path: `/v1/slots/${slot}/handshake`,
      headers: { "content-type": "application/json" },
      agent: false,
    });
    lifeline = call;
    call.end(JSON.stringify({ version, instance, signals }));
    const [answer] = await once(call, "response");
    // A lifeline may be reset with its sluice.
    call.on("error", () => {});
    answer.on("error", () => {});
    if (answer.statusCode !== 200) throw new Error(`the handshake was answered ${answer.statusCode}`);
    const accepted = lines.filter((line) => line === "accepted").length;
    createInterface({ input: answer })
      .on("error", () => {})
      .on("line", (line) => {
        lines.push(JSON.parse(line).type);
        hear();
      });
    await until(() => lines.filter((line) => line === "accepted").length > accepted);
  }

  await shakeHands();
  return {
    version,
    instance,
    lines,
    requests,
    told: (line) => until(() => lines.includes(line)),
    waiting: (count) => until(() => parked.length >= count),
    release() {
      for (const answer of parked.splice(0)) answer();
    },
    async stopping() {
      await sidecar.control("POST", `/v1/slots/${slot}/stopping`, {});
    },
    loseLifeline: () => void lifeline?.destroy(),
    reopen: shakeHands,
    async closeDoor() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      // The kernel refuses from here on; the event waits for the connections that stand.
      closed.catch(() => {});
    },
    die() {
      server.close();
      for (const socket of sockets) socket.destroy();
      lifeline?.destroy();
    },
  };
}
