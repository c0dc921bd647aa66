// The app over HTTP/1.1: by undici, or by node's own client where undici cannot carry the order.

import type { Destination } from "../admission.ts";
import type { AppCall, AppSide, AppSink, Order } from "./app-call.ts";
import { AppPool, type PoolParts } from "./app-pool.ts";
import { NodeCall } from "./node-call.ts";
import { needsNodeClient } from "./order.ts";

export class Http1Side implements AppSide {
  readonly #parts: PoolParts;
  readonly #pool: AppPool;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#pool = new AppPool(parts);
  }

  send(destination: Destination, order: Order, once: boolean, sink: AppSink): AppCall {
    if (needsNodeClient(order)) return new NodeCall(destination, order, this.#parts, sink);
    return this.#pool.send(destination, order, once, sink);
  }

  retire(generation: number): void {
    this.#pool.retire(generation);
  }

  destroy(): void {
    this.#pool.destroy();
  }
}
