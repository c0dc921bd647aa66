// Connections that stay open and ask once in a while: `node connection-load.ts '{"port":…}'` with an Order as JSON. It opens
// them, sends one request on each, and says so; then it sends `rate` requests per second, spread over all of them, for
// `seconds`, and says what became of them. Then it keeps the connections until it is killed. Every request has one outcome;
// counts are those since the last line.

import { type Asker, createAsker } from "./asker.ts";

export interface Order {
  readonly port: number;
  readonly connections: number;
  /** Requests per second of all connections together. */
  readonly rate: number;
  /** 0: only opens them. */
  readonly seconds: number;
  /** Bytes of a POST's body; undefined: GET. */
  readonly bodyBytes?: number;
}

/** Connections that are being opened at once. */
const OPENING = 64;
const SETTLE_MS = 1_000;
const TICK_MS = 1;

const order = JSON.parse(process.argv[2] ?? "") as Order;
const head =
  order.bodyBytes === undefined
    ? "GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
    : `POST /sink HTTP/1.1\r\nHost: bench\r\nContent-Length: ${order.bodyBytes}\r\n\r\n`;
const request = Buffer.from(head + "p".repeat(order.bodyBytes ?? 0));
let begun = 0;
let answered = 0;
let failed = 0;

function say(event: string): void {
  process.stdout.write(`${JSON.stringify({ event, begun, answered, failed })}\n`);
  begun = 0;
  answered = 0;
  failed = 0;
}

async function ask(asker: Asker): Promise<void> {
  begun++;
  if (await asker.ask()) answered++;
  else failed++;
}

async function open(): Promise<Asker[]> {
  const askers: Asker[] = [];
  const openSome = async (): Promise<void> => {
    while (askers.length < order.connections) {
      const asker = createAsker(order.port, request);
      askers.push(asker);
      await ask(asker);
    }
  };
  await Promise.all(Array.from({ length: OPENING }, openSome));
  return askers;
}

/** Asks on connections drawn by lot among those that wait for nothing, at the rate, for the time. */
function goOn(askers: readonly Asker[]): Promise<void> {
  const startedAt = performance.now();
  const outcomes = new Set<Promise<void>>();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsed = (performance.now() - startedAt) / 1_000;
      if (elapsed >= order.seconds) {
        clearInterval(timer);
        void Promise.all(outcomes).then(() => resolve());
        return;
      }
      for (let due = Math.floor(elapsed * order.rate) - begun; due > 0; due--) {
        const asker = askers[Math.floor(Math.random() * askers.length)];
        if (!asker || asker.isWaiting) continue;
        const outcome = ask(asker).then(() => void outcomes.delete(outcome));
        outcomes.add(outcome);
      }
    }, TICK_MS);
  });
}

const askers = await open();
say("open");
if (order.seconds > 0) {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  say("begun");
  await goOn(askers);
  say("done");
}
// The connections keep the process alive.
