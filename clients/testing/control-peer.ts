// A small server that speaks sluice's side of the handshake contract, for what a real sluice does not do on order: refuse,
// supersede, close, stall. It decides nothing; a test tells it what to answer and waits for what the app sends.
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { LifelineLine } from "../../src/health/facts.ts";

export interface Call {
  /** "POST /v1/slots/a/handshake" */
  readonly target: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** performance.now() at its arrival. */
  readonly at: number;
}

export interface Lifeline extends Call {
  send(line: LifelineLine): void;
  /** Ends the answer from sluice's side. */
  end(): void;
  /** Resolves when the app's side of the connection has closed. */
  readonly lost: Promise<void>;
  isLost(): boolean;
}

interface Waiter {
  readonly target: string;
  readonly resolve: (call: Call) => void;
}

export class ControlPeer {
  readonly calls: Call[] = [];
  readonly lifelines: Lifeline[] = [];
  /** Set to refuse: the status and body of the answer to a handshake. */
  refusal: { readonly status: number; readonly body: string } | undefined;
  /** Set to leave handshakes without any answer. */
  isSilent = false;
  /** The answer to everything but handshakes; undefined: none at all. */
  otherStatus: number | undefined = 200;
  readonly #server = http.createServer((request, response) => void this.#answer(request, response));
  #waiters: Waiter[] = [];
  #consumed = new Set<Call>();
  #generation = 0;

  /** Listens on a Unix socket, or on 127.0.0.1 at a free port without a path. Returns the value for SLUICE_CONTROL. */
  async listen(path?: string): Promise<string> {
    this.#server.keepAliveTimeout = 1;
    this.#server.listen(path ?? { host: "127.0.0.1", port: 0 });
    await once(this.#server, "listening");
    return path ?? `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next call to that target that no earlier `next` has returned. */
  next(target: string): Promise<Call> {
    const found = this.calls.find((call) => call.target === target && !this.#consumed.has(call));
    if (found === undefined) return new Promise((resolve) => this.#waiters.push({ target, resolve }));
    this.#consumed.add(found);
    return Promise.resolve(found);
  }

  async nextLifeline(slot = "a"): Promise<Lifeline> {
    const call = await this.next(`POST /v1/slots/${slot}/handshake`);
    const lifeline = this.lifelines.find((each) => each.at === call.at);
    if (lifeline === undefined) throw new Error("the handshake was refused");
    return lifeline;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = "";
    for await (const part of request.setEncoding("utf8")) text += part;
    const call: Call = {
      target: `${request.method} ${request.url}`,
      body: JSON.parse(text),
      at: performance.now(),
    };
    if (!call.target.endsWith("/handshake")) {
      if (this.otherStatus !== undefined) response.writeHead(this.otherStatus).end("{}");
    } else if (this.refusal !== undefined) {
      response.writeHead(this.refusal.status).end(this.refusal.body);
    } else {
      this.lifelines.push(this.#lifeline(call, response));
    }
    this.calls.push(call);
    const waiter = this.#waiters.find((each) => each.target === call.target);
    if (waiter === undefined) return;
    this.#waiters = this.#waiters.filter((each) => each !== waiter);
    this.#consumed.add(call);
    waiter.resolve(call);
  }

  #lifeline(call: Call, response: http.ServerResponse): Lifeline {
    let isLost = false;
    const lost = once(response, "close").then(() => {
      isLost = true;
    });
    const send = (line: LifelineLine) => response.write(`${JSON.stringify(line)}\n`);
    if (!this.isSilent) {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      this.#generation += 1;
      send({ type: "accepted", slot: "a", generation: this.#generation, resumed: false });
    }
    return { ...call, send, end: () => void response.end(), lost, isLost: () => isLost };
  }
}
