// A bad network between sluice and an app: a TCP relay that delays, slices, stalls and resets, all by lot from a seed.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { between } from "./random.ts";

export interface Faults {
  /** Longest delay of a piece, ms. */
  readonly delayMs: number;
  /** Share of chunks that are cut into slices. */
  readonly slice: number;
  /** Share of chunks before which everything stands still for `stallMs`. */
  readonly stall: number;
  readonly stallMs: number;
  /** Share of requests in place of whose answer both sides get RST, before a byte of it was passed on. */
  readonly resetUnanswered: number;
  /** Share of answers in the middle of which both sides get RST. */
  readonly resetInAnswer: number;
  /** Least time between two resets, ms: a request that is replayed at once must not meet the next. */
  readonly resetGapMs: number;
}

export const NO_FAULTS: Faults = {
  delayMs: 0,
  slice: 0,
  stall: 0,
  stallMs: 0,
  resetUnanswered: 0,
  resetInAnswer: 0,
  resetGapMs: 0,
};

export interface RelayCounts {
  readonly connections: number;
  readonly delayed: number;
  readonly sliced: number;
  readonly stalled: number;
  readonly resets: number;
}

export interface Relay {
  readonly port: number;
  counts(): RelayCounts;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1:`port` (0: any free one) and passes on to 127.0.0.1:`target`. A target that refuses looks like RST. */
export async function openRelay(options: {
  readonly port: number;
  readonly target: number;
  readonly faults: Faults;
  readonly random: () => number;
}): Promise<Relay> {
  const { faults, random } = options;
  const counts = { connections: 0, delayed: 0, sliced: 0, stalled: 0, resets: 0 };
  const pairs = new Set<() => void>();
  let lastReset = Number.NEGATIVE_INFINITY;

  function mayReset(share: number): boolean {
    if (share === 0 || random() >= share) return false;
    const now = performance.now();
    if (now - lastReset < faults.resetGapMs) return false;
    lastReset = now;
    counts.resets++;
    return true;
  }

  /** Cuts a chunk into one to five pieces. */
  function slices(chunk: Buffer): Buffer[] {
    if (chunk.length < 2 || random() >= faults.slice) return [chunk];
    counts.sliced++;
    const pieces: Buffer[] = [];
    for (let rest = chunk; rest.length > 0; ) {
      const size = pieces.length === 4 ? rest.length : between(random, 1, rest.length);
      pieces.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    return pieces;
  }

  async function pass(to: Socket, piece: Buffer): Promise<void> {
    if (random() < faults.stall) {
      counts.stalled++;
      await sleep(faults.stallMs);
    } else if (faults.delayMs > 0) {
      counts.delayed++;
      await sleep(random() * faults.delayMs);
    }
    if (to.destroyed || to.writableEnded) return;
    if (!to.write(piece)) await Promise.race([once(to, "drain"), once(to, "close")]);
  }

  /** Copies one direction in order. `isAnswer`: it is the one from the app. */
  async function copy(from: Socket, to: Socket, isAnswer: boolean, reset: () => void): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        const pieces = slices(chunk);
        if (isAnswer && mayReset(faults.resetInAnswer)) {
          await pass(to, chunk.subarray(0, Math.max(1, chunk.length >> 1)));
          reset();
          return;
        }
        for (const piece of pieces) await pass(to, piece);
        // The request has reached the app; its answer has not begun.
        if (!isAnswer && mayReset(faults.resetUnanswered)) {
          reset();
          return;
        }
      }
      to.end();
    } catch {
      // One side was reset: the other learns it in the same way.
      reset();
    }
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (left) => {
    counts.connections++;
    const right = connect({ host: "127.0.0.1", port: options.target, allowHalfOpen: true, noDelay: true });
    const reset = () => {
      pairs.delete(reset);
      for (const socket of [left, right]) if (!socket.destroyed) socket.resetAndDestroy();
    };
    pairs.add(reset);
    for (const socket of [left, right])
      socket.on("error", reset).on("close", () => left.destroyed && right.destroyed && pairs.delete(reset));
    copy(left, right, false, reset);
    copy(right, left, true, reset);
  });
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");

  return {
    port: address.port,
    counts: () => ({ ...counts }),
    async close() {
      for (const reset of [...pairs]) reset();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
